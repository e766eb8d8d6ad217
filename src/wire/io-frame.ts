/**
 * One frame of a process's channel: `V1 <type> <id>\0<body>`.
 *
 * @see gaffer 0.5 `gaffer/message.py`
 */
export interface IoFrame {
  /** `message`, `response` and `error` are those of gaffer 0.5, whose clients skip any other. */
  readonly type: string;
  /** What an answer repeats. */
  readonly id: string;
  /** Any bytes. */
  readonly body: Uint8Array;
}

/** Type of what a client writes, and of what a process says. */
export const FRAME_MESSAGE = "message";
/** Type of what answers a write. */
export const FRAME_RESPONSE = "response";
/** Type of what says that something went wrong; the body is JSON. */
export const FRAME_ERROR = "error";
/** Type of what says that output is missing here; the body is JSON. Ours: no frame of gaffer 0.5. */
export const FRAME_GAP = "gap";

/** The longest head of a frame, in bytes: an id is not the place for data. */
const HEAD_BYTES = 1024;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** A frame as bytes. */
export function encodeIoFrame({ type, id, body }: IoFrame): Uint8Array {
  const head = encoder.encode(`V1 ${type} ${id}\0`);
  const whole = new Uint8Array(head.length + body.length);
  whole.set(head);
  whole.set(body, head.length);
  return whole;
}

/** A frame from what a client sent; the body is all that follows the first NUL. @returns undefined when it is none */
export function decodeIoFrame(data: string | Uint8Array): IoFrame | undefined {
  const bytes = typeof data === "string" ? encoder.encode(data) : data;
  const end = bytes.subarray(0, HEAD_BYTES + 1).indexOf(0);
  if (end === -1) return undefined;
  const [, type, id] = /^V1 ([^\s\0]+) ([^\s\0]+)$/.exec(textOf(bytes.subarray(0, end)) ?? "") ?? [];
  return type === undefined || id === undefined ? undefined : { type, id, body: bytes.subarray(end + 1) };
}

/** The text that bytes are; undefined when they are not UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
