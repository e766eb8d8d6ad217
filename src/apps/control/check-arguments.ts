import type { Static, TObject } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { GafferError } from "../../base/gaffer-error.ts";
import { didYouMean } from "../../base/nearest.ts";

const shorten = (value: unknown): string => {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
};

const takes = (known: readonly string[]): string => (known.length === 0 ? "" : `; it takes ${known.join(", ")}`);

/** What is wrong with a value, in words. */
function problemOf(schema: TObject, value: unknown): string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return `${shorten(value)} is not an object`;
  const known = Object.keys(schema.properties);
  const isOpen = schema.additionalProperties === true;
  const unknown = isOpen ? undefined : Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) return `there is no field "${unknown}"${didYouMean(unknown, known) || takes(known)}`;
  const problem = Value.Errors(schema, value).First();
  if (problem === undefined) return "it is not what it must be";
  const field = problem.path.slice(1).replaceAll("/", ".");
  const expected = problem.schema.description ?? problem.message.toLowerCase();
  if (problem.value === undefined) return `field "${field}" is missing: ${expected}`;
  // What is only written is a secret: nobody reads it, in errors neither.
  const given = problem.schema["writeOnly"] === true ? "not a text" : shorten(problem.value);
  return `field "${field}" is ${given}: ${expected}`;
}

/**
 * Checks the arguments of a command by the schema that describes them.
 *
 * @param what - what is to be done, for the error: `scale a job`.
 * @throws {@link GafferError} `bad_request` that names the argument, what it is, and what it must be.
 */
export function checkArguments<Args extends TObject>(schema: Args, value: unknown, what: string): Static<Args> {
  if (Value.Check(schema, value)) return value;
  throw new GafferError("bad_request", `Cannot ${what}: ${problemOf(schema, value)}`);
}
