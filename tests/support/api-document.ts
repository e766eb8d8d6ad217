import { Ajv2020 } from "ajv/dist/2020.js";

/** A JSON Schema. */
export type Schema = Readonly<Record<string, unknown>>;

type Content = Readonly<Record<string, { readonly schema: Schema }>>;

/** A parameter of an operation. */
export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly required: boolean;
  readonly schema: Schema;
}

/** One method of one path, as the document tells of it. */
export interface ApiOperation {
  readonly operationId: string;
  readonly summary: string;
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
}

/** An operation and where it is. */
export interface Operation extends ApiOperation {
  readonly method: string;
  /** With `{name}` in place of what is named. */
  readonly path: string;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, ApiOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const parts = (path: string): string[] => path.split("/").slice(1);

const idOf = (name: string): string => `api:${name}`;

/** A schema that refers to the others by their ids, not by their places in the document. */
const withOwnRefs = (schema: Schema): Schema =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/components/schemas/', `"${idOf("")}`));

/** The API as `/openapi.json` tells of it. */
export class ApiDocument {
  readonly json: Readonly<Record<string, unknown>>;
  readonly operations: readonly Operation[];
  readonly #document: Document;
  readonly #ajv: Ajv2020;

  /** @param text - of the document. */
  constructor(text: string) {
    const document: Document = JSON.parse(text);
    this.json = JSON.parse(text);
    this.#document = document;
    this.operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
    );
    this.#ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allowUnionTypes: true });
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      this.#ajv.addSchema({ ...withOwnRefs(schema), $id: idOf(name) });
    }
  }

  /** A schema in which what others refer to is found. */
  resolve(schema: Schema): Schema {
    const name = /^#\/components\/schemas\/(.*)$/.exec(String(schema["$ref"]))?.[1];
    return name === undefined ? schema : (this.#document.components.schemas[name] ?? {});
  }

  /** What is wrong with a value; empty = nothing. */
  problems(schema: Schema, value: unknown): string {
    const check = this.#ajv.compile(withOwnRefs(schema));
    return check(value) ? "" : JSON.stringify(check.errors?.map(({ message, params }) => [message, params]));
  }

  /** What is wrong with an answer, fields of which the document says nothing included. */
  answerProblems(schema: Schema, value: unknown): string {
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return this.problems(isObject ? { allOf: [schema], unevaluatedProperties: false } : schema, value);
  }

  /** The methods that a concrete path is served with, those that follow from others included. */
  methodsOf(path: string): string[] {
    const methods = this.operations.filter((operation) => meets(operation, path)).map(({ method }) => method);
    if (methods.length === 0) return [];
    return [...new Set([...methods, ...(methods.includes("GET") ? ["HEAD"] : []), "OPTIONS"])].toSorted();
  }
}

/** Whether a concrete path is one of an operation. */
function meets({ path, parameters }: Operation, concrete: string): boolean {
  const [wanted, given] = [parts(path), parts(concrete)];
  if (path.endsWith("{path}") && given.length >= wanted.length) given.length = wanted.length;
  if (wanted.length !== given.length) return false;
  return wanted.every((part, index) => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name === undefined) return part === given[index];
    const isNumber = parameters.find((one) => one.name === name)?.schema["type"] === "integer";
    return isNumber ? /^(0|[1-9]\d{0,14})$/.test(given[index] ?? "") : given[index] !== "";
  });
}
