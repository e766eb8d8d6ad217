/** Every code a {@link GafferError} may carry; the wire and the exit code are chosen by it alone. */
export type ErrorCode =
  | "usage"
  | "config_invalid"
  | "procfile_invalid"
  | "procfile_missing"
  | "env_invalid"
  | "bad_request"
  | "bad_topic"
  | "bad_signal"
  | "bad_operation"
  | "job_invalid"
  | "unauthorized"
  | "forbidden"
  | "job_not_found"
  | "process_not_found"
  | "session_not_found"
  | "stream_not_found"
  | "webhook_not_found"
  | "key_not_found"
  | "user_not_found"
  | "access_off"
  | "job_exists"
  | "key_exists"
  | "user_exists"
  | "too_many_requests"
  | "webhook_exists"
  | "not_running"
  | "shutting_down"
  | "command_not_found"
  | "not_executable"
  | "cwd_missing"
  | "user_unknown"
  | "user_forbidden"
  | "limit_refused"
  | "resource_exhausted"
  | "spawn_failed"
  | "input_full"
  | "input_closed"
  | "port_busy"
  | "pidfile_held"
  | "instance_held"
  | "state_unusable"
  | "plugin_missing"
  | "plugin_failed"
  | "plugin_down"
  | "route_not_found"
  | "method_not_allowed"
  | "body_too_large"
  | "upgrade_required"
  | "stop_timeout"
  | "request_timeout"
  | "daemon_unreachable"
  | "internal";

/** HTTP status and process exit code of each error code (0 = has no HTTP form). */
const kinds: Record<ErrorCode, readonly [status: number, exitCode: number]> = {
  usage: [0, 2],
  config_invalid: [400, 2],
  procfile_invalid: [400, 2],
  procfile_missing: [400, 2],
  env_invalid: [400, 2],
  bad_request: [400, 1],
  bad_topic: [400, 1],
  bad_signal: [400, 1],
  bad_operation: [400, 1],
  job_invalid: [400, 1],
  unauthorized: [401, 1],
  forbidden: [403, 1],
  job_not_found: [404, 1],
  process_not_found: [404, 1],
  session_not_found: [404, 1],
  stream_not_found: [404, 1],
  webhook_not_found: [404, 1],
  key_not_found: [404, 1],
  user_not_found: [404, 1],
  access_off: [404, 1],
  job_exists: [409, 1],
  key_exists: [409, 1],
  user_exists: [409, 1],
  too_many_requests: [429, 1],
  webhook_exists: [409, 1],
  not_running: [409, 1],
  shutting_down: [409, 1],
  command_not_found: [422, 127],
  not_executable: [422, 126],
  cwd_missing: [422, 1],
  user_unknown: [422, 1],
  user_forbidden: [422, 1],
  limit_refused: [422, 1],
  resource_exhausted: [422, 1],
  spawn_failed: [422, 1],
  input_full: [503, 1],
  input_closed: [409, 1],
  port_busy: [409, 1],
  pidfile_held: [409, 1],
  instance_held: [409, 1],
  state_unusable: [503, 1],
  plugin_missing: [0, 2],
  plugin_failed: [500, 1],
  plugin_down: [503, 1],
  route_not_found: [404, 1],
  method_not_allowed: [405, 1],
  body_too_large: [413, 1],
  upgrade_required: [426, 1],
  stop_timeout: [504, 1],
  request_timeout: [504, 1],
  daemon_unreachable: [0, 3],
  internal: [500, 70],
};

/** Whether a text is one of our codes; a newer gaffer may know more. */
export const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(kinds, text);

/** What {@link GafferError} takes besides code and message. */
export interface ErrorOptions {
  /** What led to it, kept for the log. */
  readonly cause?: unknown;
  /** Facts for programs: sent as `details`. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/**
 * A request that could not be carried out. A child's exit is never one of these: that is an event.
 *
 * @remarks The message reads: action, quoted subject, colon, what is so. No period, no colour codes.
 * @example `Cannot start job "web": cwd "/srv/x" does not exist`
 */
export class GafferError extends Error {
  override readonly name = "GafferError";
  /** What went wrong, for programs. */
  readonly code: ErrorCode;
  /** HTTP status the error is answered with; 0 when it has no HTTP form. */
  readonly status: number;
  /** Exit code of a command that ends with it. */
  readonly exitCode: number;
  /** Facts for programs. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    [this.status, this.exitCode] = kinds[code];
    this.details = options.details ?? {};
  }
}
