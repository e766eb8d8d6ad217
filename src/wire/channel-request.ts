import { textOf } from "./io-frame.ts";

/** What a client says on `/channel`; the words are those of gaffer 0.5. */
export type ChannelRequest =
  | { readonly kind: "auth"; readonly key: string }
  | { readonly kind: "nop" }
  | { readonly kind: "sub" | "unsub"; readonly topic: string }
  | ChannelCommand
  | { readonly kind: "invalid"; readonly reason: InvalidReason; readonly id?: CommandId };

/** What a client knows an answer by. */
export type CommandId = string | number;

/** A command: its arguments by place, by name, or both. */
export interface ChannelCommand {
  readonly kind: "cmd";
  readonly id: CommandId;
  readonly name: string;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/** Why a message is none; `cmd_args_invalid` is ours, the others are gaffer 0.5's. */
export type InvalidReason =
  | "invalid_json"
  | "event_missing"
  | "data_missing"
  | "topic_missing"
  | "cmd_name_missing"
  | "cmd_identity_missing"
  | "cmd_args_invalid"
  | "unknown_cmd";

const AUTH = "AUTH:";

type Fields = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

/** Reads what a client said; `AUTH:` and a key stand alone, anything else is JSON. */
export function readChannelRequest(data: string | Uint8Array): ChannelRequest {
  const text = typeof data === "string" ? data : textOf(data);
  if (text?.startsWith(AUTH) === true) return { kind: "auth", key: text.slice(AUTH.length).trim() };
  const message = parse(text);
  if (message === undefined) return invalid("invalid_json");
  return isObject(message) && isText(message["event"]) ? readMessage(message) : invalid("event_missing");
}

function readMessage({ event, data: body }: Fields): ChannelRequest {
  if (event === "NOP") return { kind: "nop" };
  if (!isObject(body)) return invalid("data_missing");
  if (event === "CMD") return readCommand(body);
  if (event !== "SUB" && event !== "UNSUB") return invalid("unknown_cmd");
  const { topic } = body;
  return isText(topic) ? { kind: event === "SUB" ? "sub" : "unsub", topic } : invalid("topic_missing");
}

const invalid = (reason: InvalidReason, id?: CommandId): ChannelRequest =>
  id === undefined ? { kind: "invalid", reason } : { kind: "invalid", reason, id };

function readCommand({ identity: id, name, args = [], kwargs = {} }: Fields): ChannelRequest {
  if (!isText(id) && typeof id !== "number") return invalid(isText(name) ? "cmd_identity_missing" : "cmd_name_missing");
  if (!isText(name)) return invalid("cmd_name_missing", id);
  // Python's None for "none given".
  const [list, named] = [args ?? [], kwargs ?? {}];
  if (!Array.isArray(list) || !isObject(named)) return invalid("cmd_args_invalid", id);
  return { kind: "cmd", id, name, args: list, kwargs: named };
}

function parse(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    // Too deep a nesting is a RangeError.
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}
