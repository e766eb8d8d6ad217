/** A JSON Schema, or a part of one. @see JSON Schema draft 2020-12 */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** Something a field may not be. */
export interface FieldProblem {
  /** The field, and where inside its value: `["env", "A=B"]`. Empty = the whole. */
  readonly path: readonly string[];
  /** What is so and what may be, with the field's name at its beginning. */
  readonly message: string;
}

/** Told what is wrong with a value: `is …: it must be …`, and at which key of it. */
export type Report = (fact: string, path?: readonly string[]) => void;

/** What the value of a field may be, how it is read and shown. One for INI, TOML and JSON. */
export interface FieldKind<T> {
  readonly schema: JsonSchema;
  /** The value that it stands for; undefined once it was reported. */
  read(value: unknown, report: Report): T | undefined;
  /** What a text stands for in a format that knows nothing but texts. */
  fromText(text: string): unknown;
  /** The value as it is written in JSON, so that {@link read} gives it back. */
  show(value: T): unknown;
}

/** A reader looks no further once it has found so many problems: nobody reads more, and it is the wrong text. */
export const MOST_PROBLEMS = 20;

const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

/** A value for a message: `the text "3"`, `the list [1,2]`, `true`. */
export function shown(value: unknown): string {
  if (typeof value === "string") return `the text ${JSON.stringify(shorten(value))}`;
  if (typeof value === "number") return `the number ${value}`;
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (value instanceof Date) return "a date";
  return typeof value === "object" && value !== null ? "a table" : String(value);
}

/** Makes a kind of which only one form is right. */
export function simpleKind<T>(options: {
  readonly schema: JsonSchema;
  /** Ends the sentence `it must be …`. */
  readonly allowed: string;
  /** @returns undefined if it is none. */
  readonly read: (value: unknown) => T | undefined;
  readonly fromText?: (text: string) => unknown;
  readonly show?: (value: T) => unknown;
}): FieldKind<T> {
  const { schema, allowed, read, fromText = (text) => text, show = (value) => value } = options;
  return {
    schema,
    read(value, report) {
      const result = read(value);
      if (result === undefined) report(`is ${shown(value)}: it must be ${allowed}`);
      return result;
    },
    fromText,
    show,
  };
}

/** The entries of a table; undefined for anything else. */
export function tableEntries(value: unknown): [string, unknown][] | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Date) return undefined;
  return Object.entries(value);
}
