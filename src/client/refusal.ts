import { type ErrorCode, GafferError, isErrorCode } from "../base/gaffer-error.ts";

/** What an answer of a status tells whose code this version does not know: a newer daemon's, or another program's. */
const byStatus: Readonly<Record<number, ErrorCode>> = {
  401: "unauthorized",
  403: "forbidden",
  404: "route_not_found",
  405: "method_not_allowed",
  413: "body_too_large",
  503: "input_full",
  504: "request_timeout",
};

type Fields = Readonly<Record<string, unknown>>;

/**
 * The error that a daemon refuses something with.
 *
 * @param body - its error body, as far as it is one.
 * @param otherwise - status and words where the body has none.
 */
export function refusedWith(
  body: Fields,
  otherwise: { readonly status: number; readonly message: string },
): GafferError {
  const { code, errno, message, reason, details } = body;
  const status = typeof errno === "number" ? errno : otherwise.status;
  const known = typeof code === "string" && isErrorCode(code) ? code : undefined;
  const words = [message, reason].find((text) => typeof text === "string");
  return new GafferError(
    known ?? byStatus[status] ?? (status < 500 ? "bad_request" : "internal"),
    typeof words === "string" ? words : otherwise.message,
    { details: typeof details === "object" && details !== null ? { ...details } : {} },
  );
}

/** The fields of a JSON object; none if the text is no such thing. */
export function jsonFields(text: string): Fields {
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? { ...body } : {};
  } catch {
    return {};
  }
}

/** The error that an answer tells of. */
export async function refusal(response: Response): Promise<GafferError> {
  const text = await response.text();
  const { status } = response;
  const { reason: _, ...body } = jsonFields(text);
  return refusedWith(body, { status, message: `The daemon answered ${status}: ${text.slice(0, 200)}` });
}
