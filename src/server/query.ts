import type { Static, TObject, TSchema } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { GafferError } from "../base/gaffer-error.ts";
import { didYouMean } from "../base/nearest.ts";

/**
 * The parameters of a query, by the schema that describes them: texts, numbers, whole numbers, switches (`1`, `true`, or there without a
 * value; `0`, `false`), and lists of texts, each item given once.
 *
 * @throws {@link GafferError} `bad_request` if there is one that the schema does not know (a misspelt one must not quietly mean nothing), or
 * one that is not what it must be.
 */
export function readQuery<Fields extends TObject>(query: URLSearchParams, schema: Fields): Static<Fields> {
  const values: Record<string, unknown> = {};
  if (query.size > 0) refuseUnknown(query, Object.keys(schema.properties));
  else if (schema.required === undefined) return values;
  for (const [name, field] of Object.entries<TSchema>(schema.properties)) {
    if (query.has(name)) values[name] = readField(query, name, field);
  }
  if (Value.Check(schema, values)) return values;
  const problem = Value.Errors(schema, values).First();
  const name = problem?.path.slice(1) ?? "";
  if (problem?.value === undefined) throw refused(`Cannot do without parameter ${name}`, problem?.schema);
  throw refused(`Cannot use ${name}=${query.get(name)}`, problem.schema);
}

function refuseUnknown(query: URLSearchParams, known: readonly string[]): void {
  for (const name of query.keys()) {
    if (known.includes(name)) continue;
    const way = didYouMean(name, known) || ` (there is ${known.join(", ") || "none"})`;
    throw new GafferError("bad_request", `Cannot use parameter "${name}": there is no such parameter here${way}`);
  }
}

function readField(query: URLSearchParams, name: string, field: TSchema): unknown {
  const [text = "", ...others] = query.getAll(name);
  if (others.length > 0 && field["type"] !== "array") {
    throw new GafferError("bad_request", `Cannot use parameter "${name}" twice: it is given once`);
  }
  switch (field["type"]) {
    case "array":
      return query.getAll(name);
    case "boolean":
      return readSwitch(text) ?? text;
    case "integer":
      return /^\d{1,15}$/.test(text) ? Number(text) : text;
    case "number":
      return /^\d{1,15}(\.\d+)?$/.test(text) ? Number(text) : text;
    default:
      return text;
  }
}

function readSwitch(text: string): boolean | undefined {
  if (text === "0" || text === "false") return false;
  return text === "" || text === "1" || text === "true" ? true : undefined;
}

const ways: Readonly<Record<string, string>> = { boolean: "it is 1 or 0", integer: "it is a whole number" };

function refused(action: string, schema: TSchema | undefined): GafferError {
  const way = schema?.description ?? ways[String(schema?.["type"])] ?? "it is not what it must be";
  return new GafferError("bad_request", `${action}: ${way}`);
}
