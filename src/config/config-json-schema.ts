import type { JsonSchema } from "../base/field-kind.ts";
import { jobSchema } from "../manager/job-schema.ts";
import { type ConfigKeys, MANY_KEYS, type SectionSpec, SECTIONS } from "./config-schema.ts";

function keySchemas(keys: ConfigKeys): JsonSchema {
  return Object.fromEntries(
    Object.entries(keys).map(([name, { kind, description, fallback }]) => [
      name,
      {
        ...(description === "" ? {} : { description }),
        ...kind.schema,
        ...(fallback === null ? {} : { default: fallback }),
      },
    ]),
  );
}

/** Names and values: those of the table, and whatever else the section takes. */
function tableSchema({ description, keys = {}, others }: SectionSpec): JsonSchema {
  const many = Object.hasOwn(keys, MANY_KEYS) ? { patternProperties: { [`^${MANY_KEYS}`]: { type: "string" } } } : {};
  return {
    type: "object",
    description,
    properties: keySchemas(keys),
    ...many,
    additionalProperties: others?.schema ?? false,
  };
}

const variables: JsonSchema = { type: "object", additionalProperties: { type: ["string", "number", "boolean"] } };

/** `[process.JOB]` holds the fields of a job, `[process.SESSION]` jobs; a session may be called as a job is. */
function jobsSchema(description: string): JsonSchema {
  const { properties } = jobSchema(["name"]);
  const job = { $ref: "#/$defs/job" };
  return {
    type: "object",
    description,
    additionalProperties: { type: "object", properties, additionalProperties: job },
  };
}

function sectionSchema(kind: string, spec: SectionSpec): JsonSchema {
  if (spec.keys === undefined) return jobsSchema(spec.description);
  if (kind === "env") {
    const scalarOrTable = { anyOf: [{ type: ["string", "number", "boolean"] }, variables] };
    const of = { type: "object", additionalProperties: scalarOrTable };
    return { type: "object", description: spec.description, additionalProperties: of };
  }
  if (spec.naming === "none") return tableSchema(spec);
  return { type: "object", description: spec.description, additionalProperties: tableSchema(spec) };
}

/**
 * The JSON Schema of a configuration in TOML: every section and key, those whose features are not built yet too.
 *
 * @see JSON Schema draft 2020-12
 */
export function configSchema(): JsonSchema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "gaffer configuration",
    type: "object",
    additionalProperties: false,
    properties: Object.fromEntries([...SECTIONS].map(([kind, spec]) => [kind, sectionSchema(kind, spec)])),
    $defs: { job: jobSchema(["name"]) },
  };
}
