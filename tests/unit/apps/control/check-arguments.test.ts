import { expect, test } from "bun:test";
import { Type } from "@sinclair/typebox";
import { fields, jobName, processId, signal } from "../../../../src/apps/control/arguments.ts";
import { checkArguments } from "../../../../src/apps/control/check-arguments.ts";
import { thrownBy } from "../../../support/thrown-by.ts";

const schema = fields({ name: jobName, pid: Type.Optional(processId), signal: Type.Optional(signal) });
const message = (value: unknown): string => thrownBy(() => checkArguments(schema, value, "do it")).message;

test("checkArguments() returns what fits", () => {
  const value = { name: "a", pid: 1, signal: "TERM" };
  expect(checkArguments(schema, value, "do it")).toBe(value);
});

test("checkArguments() names the argument, what it is, and what it must be", () => {
  expect(message({})).toBe('Cannot do it: field "name" is missing: it must be the name of a job');
  expect(message({ name: 1 })).toBe('Cannot do it: field "name" is 1: it must be the name of a job');
  expect(message({ name: "a", pid: 0 })).toBe('Cannot do it: field "pid" is 0: it must be the number of a process');
  expect(message({ name: "a", signal: [] })).toContain('"signal" is []: it must be a signal');
  expect(message({ name: "x", pdi: 1 })).toMatch(/there is no field "pdi".*"pid"/);
  expect(message([])).toBe("Cannot do it: [] is not an object");
  expect(message(null)).toBe("Cannot do it: null is not an object");
  expect(message({ name: ["x".repeat(5000)] }).length).toBeLessThan(200);
});

test("checkArguments() does not repeat what is only written", () => {
  const secret = fields({ secret: Type.String({ writeOnly: true, description: "it must be a secret" }) });
  const error = thrownBy(() => checkArguments(secret, { secret: ["s3cret"] }, "do it"));
  expect(error.message).toBe('Cannot do it: field "secret" is not a text: it must be a secret');
});

test("checkArguments() takes no inherited name for a field", () => {
  for (const key of ["__proto__", "constructor", "toString"]) {
    expect(message(JSON.parse(`{"name":"a","${key}":1}`))).toContain(`no field "${key}"`);
  }
});
