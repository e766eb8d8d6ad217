import { expect, test } from "bun:test";
import { GafferError } from "../../../src/base/gaffer-error.ts";
import { errorBody } from "../../../src/wire/error-body.ts";

test("errorBody() says the word of gaffer 0.5, the status, and which case it is", () => {
  const cases = [
    ["job_not_found", "not_found", 404],
    ["route_not_found", "not_found", 404],
    ["job_exists", "process_conflict", 409],
    ["shutting_down", "conflict", 409],
    ["bad_signal", "bad_signal", 400],
    ["bad_operation", "bad_value", 400],
    ["job_invalid", "bad_request", 400],
    ["stream_not_found", "stream_not_found", 404],
    ["method_not_allowed", "method_not_allowed", 405],
    ["body_too_large", "too_large", 413],
    ["forbidden", "forbidden", 403],
    ["stop_timeout", "timeout", 504],
    ["input_full", "unavailable", 503],
    ["cwd_missing", "spawn_failed", 422],
  ] as const;
  for (const [code, error, errno] of cases) {
    expect(errorBody(new GafferError(code, "Why"))).toEqual({ error, errno, message: "Why", code });
  }
});

test("errorBody() passes details on, and nothing of a bug", () => {
  expect(errorBody(new GafferError("job_invalid", "Why", { details: { at: 1 } })).details).toEqual({ at: 1 });
  for (const bug of [new Error("secret"), "secret", undefined, new GafferError("usage", "secret")]) {
    expect(errorBody(bug)).toEqual({
      error: "internal",
      errno: 500,
      message: "This is a bug in gaffer; its log says more",
      code: "internal",
    });
  }
});
