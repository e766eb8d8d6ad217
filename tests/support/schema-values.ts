import type { ApiDocument, Schema } from "./api-document.ts";

/** Values that a field may have by its name. */
export type NamedValues = Readonly<Record<string, unknown>>;

/** Makes values that a schema takes, and such that it does not. */
export class SchemaValues {
  readonly #document: ApiDocument;
  readonly #named: NamedValues;

  /** @param named - values of fields that only make sense when they name something, or take more than their schema can tell. */
  constructor(document: ApiDocument, named: NamedValues) {
    this.#document = document;
    this.#named = named;
  }

  /** A value that is good. @param whole - with every field there is, not only those that are needed. */
  good(given: Schema, whole: boolean, name = ""): unknown {
    const schema = this.#document.resolve(given);
    if (name in this.#named) return this.#named[name];
    if ("const" in schema) return schema["const"];
    if ("default" in schema) return schema["default"];
    const [choice] = listOf(schema["enum"]);
    if (choice !== undefined) return choice;
    const [first] = listOf(schema["anyOf"]);
    if (first !== undefined) return this.good(Object(first), whole, name);
    return this.#ofType(schema, whole);
  }

  #ofType(schema: Schema, whole: boolean): unknown {
    switch ([schema["type"]].flat()[0]) {
      case "object":
        return this.#object(schema, whole);
      case "array":
        return whole ? [this.good(Object(schema["items"]), whole)] : [];
      case "boolean":
        return true;
      case "integer":
      case "number":
        return schema["minimum"] ?? 1;
      default:
        return "a";
    }
  }

  #object(schema: Schema, whole: boolean): Readonly<Record<string, unknown>> {
    const names = whole ? Object.keys(this.fields(schema)) : listOf(schema["required"]).map(String);
    return Object.fromEntries(names.map((name) => [name, this.good(this.fields(schema)[name] ?? {}, whole, name)]));
  }

  /** The fields of an object. */
  fields(given: Schema): Readonly<Record<string, Schema>> {
    const schema = this.#document.resolve(given);
    return Object.fromEntries(Object.entries(Object(schema["properties"])).map(([name, one]) => [name, Object(one)]));
  }

  /** The fields that an object can't do without. */
  required(given: Schema): string[] {
    return listOf(this.#document.resolve(given)["required"]).map(String);
  }

  /** Whether an object has these fields and no others. */
  isClosed(given: Schema): boolean {
    return this.#document.resolve(given)["additionalProperties"] === false;
  }

  /** Values that a schema does not take. */
  bad(schema: Schema): unknown[] {
    return SUSPECTS.filter((value) => this.#document.problems(schema, value) !== "");
  }
}

/** Among these is something wrong for whatever it may be. */
const SUSPECTS: readonly unknown[] = [{}, { a: {} }, [], [{}], [1], "", "no such thing\0", -1.5, 1e300, true, null];

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
