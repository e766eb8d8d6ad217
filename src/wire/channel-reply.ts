import type { CommandId, InvalidReason } from "./channel-request.ts";
import type { ErrorBody } from "./error-body.ts";

/** What went wrong, as `/channel` tells it: gaffer 0.5's `errno` and `reason`, and what every error body holds besides. */
export interface ChannelFault extends Omit<ErrorBody, "code"> {
  /** The word of gaffer 0.5 for it. */
  readonly reason: string;
  readonly code: string;
}

const reply = (event: string, rest: object): string => JSON.stringify({ event, ...rest });

/** Answers SUB and, as in gaffer 0.5, UNSUB. */
export const subscriptionSuccess = (topic: string): string => reply("gaffer:subscription_success", { topic });

/** Refuses SUB. The topic stands where the client of gaffer 0.5 looks for it, and among the data. */
export const subscriptionError = (topic: string, fault: ChannelFault): string =>
  reply("gaffer:subscription_error", { topic, data: { topic, ...fault } });

/** Answers CMD. */
export const commandSuccess = (id: CommandId, result: unknown): string =>
  reply("gaffer:command_success", { data: { id, result } });

/** Refuses CMD; nothing has changed. */
export const commandError = (id: CommandId, error: ChannelFault): string =>
  reply("gaffer:command_error", { data: { id, error } });

/** Answers what is no message. @param id - of the command that it was to be, where that is known. */
export const invalidMessage = (reason: InvalidReason, id?: CommandId): string =>
  reply("gaffer:error", { data: { error: "invalid_msg", reason, ...(id === undefined ? {} : { id }) } });

/** A key is needed, or the one that was given is none. As in gaffer 0.5 the reason is JSON text; the socket is closed after it. */
export function authRequired(message: string): string {
  const reason = JSON.stringify({ error: "AUTH_REQUIRED", errno: 403 });
  return reply("gaffer:error", { data: { error: "AUTH_REQUIRED", reason, message } });
}

/**
 * Tells what happened on a topic.
 *
 * @param payload - a JSON object as text, which names its `event`: it is made once, and shared by all who are told.
 */
export function topicEvent(topic: string, payload: string): string {
  const fields = payload.slice(1);
  return `{"event":"gaffer:event","data":{"topic":${JSON.stringify(topic)}${fields === "}" ? "" : ","}${fields}}`;
}

/** What a daemon says on `/channel`, as its client sees it. */
export type ChannelReply =
  | { readonly kind: "subscribed"; readonly topic: string }
  | { readonly kind: "refused"; readonly topic: string; readonly fault: Readonly<Record<string, unknown>> }
  | { readonly kind: "result"; readonly id: CommandId; readonly result: unknown }
  | { readonly kind: "failure"; readonly id: CommandId; readonly error: Readonly<Record<string, unknown>> }
  | { readonly kind: "event"; readonly topic: string; readonly data: Readonly<Record<string, unknown>> }
  | { readonly kind: "error"; readonly data: Readonly<Record<string, unknown>> };

type Fields = Readonly<Record<string, unknown>>;
const fieldsOf = (value: unknown): Fields => (typeof value === "object" && value !== null ? { ...value } : {});
const idOf = ({ id }: Fields): CommandId => (typeof id === "number" ? id : String(id));

/** Reads what a daemon said. @returns undefined for what a newer daemon may say @throws SyntaxError if it is no JSON */
export function readChannelReply(text: string): ChannelReply | undefined {
  const message = fieldsOf(JSON.parse(text));
  const data = fieldsOf(message["data"]);
  switch (message["event"]) {
    case "gaffer:subscription_success":
      return { kind: "subscribed", topic: String(message["topic"]) };
    case "gaffer:subscription_error":
      return { kind: "refused", topic: String(message["topic"]), fault: data };
    case "gaffer:command_success":
      return { kind: "result", id: idOf(data), result: data["result"] };
    case "gaffer:command_error":
      return { kind: "failure", id: idOf(data), error: fieldsOf(data["error"]) };
    case "gaffer:event":
      return { kind: "event", topic: String(data["topic"]), data };
    case "gaffer:error":
      return { kind: "error", data };
    default:
      return undefined;
  }
}
