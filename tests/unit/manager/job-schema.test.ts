import { describe, expect, test } from "bun:test";
import { JOB_FIELDS } from "../../../src/manager/job-fields.ts";
import { jobSchema } from "../../../src/manager/job-schema.ts";

describe("jobSchema()", () => {
  test("has every field with description, type and default", () => {
    const schema = jobSchema();
    expect(schema).toMatchObject({
      type: "object",
      additionalProperties: false,
      required: ["name", "cmd"],
      properties: {
        cmd: { type: "string" },
        uid: { type: ["string", "integer", "null"], default: null },
        numprocesses: { type: ["integer", "null"], minimum: 0, maximum: 32_768, default: 1 },
        graceful_timeout: { type: ["number", "null"], default: 30 },
        restart: { enum: ["always", "on-failure", "never", null], default: "always" },
        logfile_maxbytes: { default: 52_428_800 },
        flapping: { default: null },
      },
    });
    const properties: object = Object(schema["properties"]);
    expect(Object.keys(properties)).toEqual(JOB_FIELDS.map(({ name }) => name));
    for (const property of Object.values(properties)) expect(property).toHaveProperty("description");
  });

  test("leaves out fields that are given elsewhere", () => {
    const schema = jobSchema(["name"]);
    expect(schema["required"]).toEqual(["cmd"]);
    expect(schema["properties"]).not.toHaveProperty("name");
  });
});
