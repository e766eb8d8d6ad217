import { type ErrorCode, GafferError } from "../../../base/gaffer-error.ts";
import type { Route } from "../../../server/route.ts";
import { errorBody } from "../../../wire/error-body.ts";

/** What gaffer 0.4 answered: its word, and its status where that is another. */
type Word = readonly [error: string, status?: number];

/** @see gaffer 0.4 `gaffer/http/processes.py`, `stream.py`, `watcher.py` */
const words: Partial<Record<ErrorCode, Word>> = {
  job_exists: ["conflict"],
  job_invalid: ["invalid_process_info"],
  bad_signal: ["bad_value"],
  bad_topic: ["bad_event_type", 404],
  stream_not_found: ["io_not_found"],
  input_closed: ["forbidden_write", 403],
};

function wordOf({ code, cause, details }: GafferError): Word | undefined {
  // Of a body that is no JSON, or no UTF-8.
  if (code === "bad_request" && (cause instanceof SyntaxError || cause instanceof TypeError)) return ["invalid_json"];
  const { streams } = details;
  const isNothingRead = code === "stream_not_found" && Array.isArray(streams) && streams.length === 0;
  return isNothingRead ? ["io_not_redirected", 400] : words[code];
}

/** A name that no job can have is one that no job has, unless it is to be given to one. */
function asLookup(error: GafferError, isLookup: boolean): GafferError {
  if (!isLookup || error.code !== "job_invalid") return error;
  return new GafferError("job_not_found", error.message.replace(/^Cannot use/, "Cannot find"), { cause: error });
}

/** The same route, with its errors in the words of gaffer 0.4; message and code stay ours. */
export const legacyErrors = (route: Route): Route => ({
  ...route,
  handle: async (request) => {
    try {
      return await route.handle(request);
    } catch (thrown) {
      const error = thrown instanceof GafferError ? asLookup(thrown, route.doc?.body === undefined) : thrown;
      const word = error instanceof GafferError ? wordOf(error) : undefined;
      if (word === undefined) throw error;
      const body = errorBody(error);
      const [name, status = body.errno] = word;
      return Response.json({ ...body, error: name, errno: status }, { status });
    }
  },
});
