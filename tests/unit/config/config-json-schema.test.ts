import { describe, expect, test } from "bun:test";
import { configSchema } from "../../../src/config/config-json-schema.ts";
import { SECTIONS } from "../../../src/config/config-schema.ts";
import { JOB_FIELDS } from "../../../src/manager/job-fields.ts";

const schema: Record<string, unknown> = JSON.parse(JSON.stringify(configSchema()));

/** A part of the schema by its path. */
function part(...path: readonly string[]): unknown {
  let found: unknown = schema;
  for (const name of path)
    found = found instanceof Object ? Object.getOwnPropertyDescriptor(found, name)?.value : undefined;
  return found;
}

const names = (value: unknown): string[] => Object.keys(Object(value));

describe("configSchema()", () => {
  test("has every kind of section and no other", () => {
    expect(names(part("properties"))).toEqual([...SECTIONS.keys()]);
    expect([schema["additionalProperties"], schema["$schema"]]).toEqual([
      false,
      "https://json-schema.org/draft/2020-12/schema",
    ]);
  });

  test("describes the daemon's keys with type and default", () => {
    expect(part("properties", "gaffer")).toMatchObject({
      additionalProperties: false,
      properties: {
        log_level: { enum: ["critical", "error", "warning", "info", "debug"], default: "info" },
        backlog: { type: "integer", minimum: 0, default: 128 },
        output_memory: { default: 33_554_432 },
        socket_mode: { default: "0600" },
      },
    });
    const keys = part("properties", "gaffer", "properties");
    for (const key of Object.values(Object(keys))) expect(key).toHaveProperty("description");
  });

  test("knows what is not built yet", () => {
    expect(names(part("properties", "endpoint", "additionalProperties", "properties"))).toContain("certfile");
    expect(names(part("properties", "socket", "additionalProperties", "properties"))).toContain("reuseport");
    expect(names(part("properties", "auth", "properties"))).toEqual([
      "auth_backend",
      "keys_backend",
      "auth_dbname",
      "keys_dbname",
    ]);
  });

  test("has the fields of a job, below a session and without one", () => {
    const fields = JOB_FIELDS.map(({ name }) => name).filter((name) => name !== "name");
    expect(names(part("$defs", "job", "properties"))).toEqual(fields);
    expect(names(part("properties", "process", "additionalProperties", "properties"))).toEqual(fields);
    expect(part("properties", "job", "additionalProperties", "additionalProperties")).toEqual({ $ref: "#/$defs/job" });
    expect(part("$defs", "job", "required")).toEqual(["cmd"]);
  });
});
