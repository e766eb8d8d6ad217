import { type ErrorCode, GafferError } from "../base/gaffer-error.ts";

/** What every refused request is answered with. */
export interface ErrorBody {
  /** The word of gaffer 0.5 for it: `not_found`, `process_conflict`, `bad_request` … */
  readonly error: string;
  /** The HTTP status. */
  readonly errno: number;
  /** For people. */
  readonly message: string;
  /** Which case of {@link error} it is: `job_not_found`, `job_exists` … */
  readonly code: ErrorCode;
  /** Facts for programs. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Words that are more than the status says. */
const ownWords: Partial<Record<ErrorCode, string>> = {
  job_exists: "process_conflict",
  stream_not_found: "stream_not_found",
  bad_signal: "bad_signal",
  bad_operation: "bad_value",
  internal: "internal",
};

const words: Readonly<Record<number, string>> = {
  400: "bad_request",
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
  405: "method_not_allowed",
  409: "conflict",
  413: "too_large",
  422: "spawn_failed",
  429: "too_many_requests",
  426: "upgrade_required",
  503: "unavailable",
  504: "timeout",
};

/** The body that tells of an error. What is no {@link GafferError} is a bug of ours: its text is not for strangers. */
export function errorBody(error: unknown): ErrorBody {
  const known =
    error instanceof GafferError && error.status > 0
      ? error
      : new GafferError("internal", "This is a bug in gaffer; its log says more");
  const { code, status, message, details } = known;
  const body = { error: ownWords[code] ?? words[status] ?? "internal", errno: status, message, code };
  return Object.keys(details).length === 0 ? body : { ...body, details };
}
