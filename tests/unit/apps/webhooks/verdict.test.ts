import { describe, expect, test } from "bun:test";
import { judge, MOST_RETRY_AFTER_MS } from "../../../../src/apps/webhooks/verdict.ts";

const now = Date.parse("2026-11-23T06:00:00Z");
const of = (status: number, retryAfter?: string) => judge({ status, retryAfter }, now);

describe("judge", () => {
  test.each([200, 201, 202, 204, 299])("%i is delivered", (status) => {
    expect(of(status)).toEqual({ kind: "delivered" });
  });

  test.each([408, 429, 500, 502, 503, 504, 599])("%i may go better later", (status) => {
    expect(of(status)).toEqual({ kind: "retry", reason: `it answered ${status}` });
  });

  test.each([400, 401, 403, 404, 405, 413, 418, 499])("%i is final", (status) => {
    expect(of(status)).toEqual({ kind: "refused", reason: `it answered ${status}` });
  });

  test.each([300, 301, 302, 303, 304, 307, 308])("%i is final: redirects are not followed", (status) => {
    expect(of(status)).toEqual({
      kind: "refused",
      reason: `it answered ${status}, and redirects are not followed`,
    });
  });

  test("410 is the end", () => {
    expect(of(410)).toEqual({ kind: "gone", reason: "it answered 410" });
  });

  test.each([
    ["0", 0],
    ["7", 7000],
    ["301", MOST_RETRY_AFTER_MS],
    ["99999999999999999999999", MOST_RETRY_AFTER_MS],
    ["Mon, 23 Nov 2026 06:00:09 GMT", 9000],
    ["Mon, 23 Nov 2026 05:00:00 GMT", 0],
    ["Mon, 23 Nov 2099 06:00:00 GMT", MOST_RETRY_AFTER_MS],
  ])("heeds Retry-After %j, within bounds", (retryAfter, afterMs) => {
    for (const status of [429, 503]) expect(of(status, retryAfter)).toMatchObject({ kind: "retry", afterMs });
    expect(of(400, retryAfter)).not.toHaveProperty("afterMs");
  });

  test.each(["", "soon", "-5x", "1.5e"])("passes over Retry-After %j", (retryAfter) => {
    expect(of(429, retryAfter)).toEqual({ kind: "retry", reason: "it answered 429" });
  });
});
