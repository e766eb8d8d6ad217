import type { JsonSchema } from "../base/field-kind.ts";
import { JOB_FIELDS, type JobField } from "./job-fields.ts";
import { JOB_DEFAULTS } from "./job-settings.ts";

/** Lets a schema be null too: a field that is null counts as not given. */
function orNull(schema: JsonSchema): JsonSchema {
  const { type, anyOf, enum: choices } = schema;
  if (Array.isArray(anyOf)) return { ...schema, anyOf: [...anyOf, { type: "null" }] };
  if (Array.isArray(choices)) return { ...schema, enum: [...choices, null] };
  return { ...schema, type: [type, "null"].flat() };
}

const required: ReadonlySet<string> = new Set(["name", "cmd"]);

function property(field: JobField): JsonSchema {
  const { name, description, schema } = field;
  if (required.has(name)) return { description, ...schema };
  return { description, ...orNull(schema), default: field.show(JOB_DEFAULTS) };
}

/**
 * The JSON Schema of a job as it is sent and shown.
 *
 * @param leftOut - names of fields that are not part of it.
 */
export function jobSchema(leftOut: readonly string[] = []): JsonSchema {
  const fields = JOB_FIELDS.filter(({ name }) => !leftOut.includes(name));
  return {
    type: "object",
    description: "A job: a named thing to keep running",
    additionalProperties: false,
    required: [...required].filter((name) => !leftOut.includes(name)),
    properties: Object.fromEntries(fields.map((field) => [field.name, property(field)])),
  };
}
