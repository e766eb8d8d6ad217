import type { JsonSchema } from "../../base/field-kind.ts";

/** Schemas of one document: those that have an `$id` are said once, under that name. */
export class SchemaComponents {
  readonly #known: Readonly<Record<string, JsonSchema>>;
  readonly #schemas: Record<string, unknown> = {};

  /** @param known - what is said under a name in place of what was given. */
  constructor(known: Readonly<Record<string, JsonSchema>>) {
    this.#known = known;
  }

  /** Those that were referred to, by name. */
  get schemas(): Readonly<Record<string, unknown>> {
    return this.#schemas;
  }

  /** A schema as the document holds it, or where that is found. */
  refer(schema: unknown): unknown {
    if (Array.isArray(schema)) return schema.map((item) => this.refer(item));
    if (typeof schema !== "object" || schema === null) return schema;
    const parts = Object.entries(schema).filter(([name]) => name !== "$id");
    const own = Object.fromEntries(parts.map(([name, part]) => [name, this.refer(part)]));
    const id: unknown = "$id" in schema ? schema.$id : undefined;
    if (typeof id !== "string") return own;
    this.#schemas[id] ??= this.#known[id] ?? own;
    return { $ref: `#/components/schemas/${id}` };
  }
}
