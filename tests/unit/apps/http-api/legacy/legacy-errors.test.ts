import { expect, test } from "bun:test";
import { Type } from "@sinclair/typebox";
import { legacyErrors } from "../../../../../src/apps/http-api/legacy/legacy-errors.ts";
import { OWNER } from "../../../../../src/base/caller.ts";
import { type ErrorCode, GafferError } from "../../../../../src/base/gaffer-error.ts";
import { parseJson } from "../../../../../src/server/request-body.ts";
import type { Route, RouteRequest } from "../../../../../src/server/route.ts";

const request: RouteRequest = {
  params: {},
  query: new URLSearchParams(),
  raw: new Request("http://localhost/"),
  endpoint: { kind: "unix", path: "/x" },
  caller: OWNER,
  authenticate: () => OWNER,
  keepAlive: () => undefined,
};

/** What a route that throws this answers; the error itself where that is left to others. */
async function answerTo(error: unknown, doc: Partial<Route["doc"]> = {}): Promise<unknown> {
  const route = legacyErrors({
    method: "GET",
    path: "/",
    doc: { summary: "", access: "", ...doc },
    handle: () => {
      throw error;
    },
  });
  try {
    return await (await route.handle(request)).json();
  } catch (thrown) {
    return thrown;
  }
}

function caught(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

const failed = (code: ErrorCode, details = {}): GafferError => new GafferError(code, "Cannot do it: why", { details });

test("errors have the words and statuses of gaffer 0.4, and our message and code", async () => {
  const cases: [ErrorCode, string, number][] = [
    ["job_exists", "conflict", 409],
    ["bad_signal", "bad_value", 400],
    ["bad_topic", "bad_event_type", 404],
    ["stream_not_found", "io_not_found", 404],
    ["input_closed", "forbidden_write", 403],
  ];
  for (const [code, error, errno] of cases) {
    expect(await answerTo(failed(code))).toEqual({ error, errno, message: "Cannot do it: why", code });
  }
  expect(await answerTo(failed("stream_not_found", { streams: ["a"] }))).toMatchObject({ error: "io_not_found" });
  expect(await answerTo(failed("stream_not_found", { streams: [] }))).toMatchObject({
    error: "io_not_redirected",
    errno: 400,
    code: "stream_not_found",
  });
});

test("settings that can't be are told from a body that can't be read", async () => {
  const doc = { body: { contentType: "application/json", schema: Type.Object({}) } };
  expect(await answerTo(failed("job_invalid"), doc)).toMatchObject({ error: "invalid_process_info", errno: 400 });
  for (const text of ["", "{", "\u0000"]) {
    expect(await answerTo(caught(() => parseJson(text)))).toMatchObject({
      error: "invalid_json",
      code: "bad_request",
    });
  }
});

test("a name that no job can have is not found, where it is not one to be given", async () => {
  const error = new GafferError("job_invalid", 'Cannot use job name "a b": a rule');
  const answer = await answerTo(error);
  expect(answer).toMatchObject({ code: "job_not_found", message: 'Cannot find job name "a b": a rule' });
});

test("all others go on to those who know them", async () => {
  for (const error of [failed("forbidden"), failed("job_not_found"), failed("bad_request"), new Error("a bug")]) {
    expect(await answerTo(error)).toBe(error);
  }
});
