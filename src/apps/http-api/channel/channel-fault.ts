import { GafferError } from "../../../base/gaffer-error.ts";
import type { ChannelFault } from "../../../wire/channel-reply.ts";
import type { ChannelCommand } from "../../../wire/channel-request.ts";
import { errorBody } from "../../../wire/error-body.ts";

/** An error with the word that gaffer 0.5 has for it. */
function faultOf(error: unknown, reason?: string): ChannelFault {
  const body = errorBody(error);
  return { ...body, reason: reason ?? body.error };
}

const codeOf = (error: unknown): string => (error instanceof GafferError ? error.code : "internal");

/** What is told when a command is refused, or failed. */
export function commandFault(error: unknown, { name, args, kwargs }: ChannelCommand): ChannelFault {
  const code = codeOf(error);
  const takesConfig = name === "load" || name === "update";
  if (takesConfig && code === "bad_request" && args.length === 0 && kwargs["job"] === undefined) {
    return faultOf(error, "config_missing");
  }
  if (takesConfig && (code === "bad_request" || code === "job_invalid")) return faultOf(error, "invalid_config");
  return faultOf(error, code === "bad_request" ? "bad_command" : undefined);
}

/** What is told of a command that there is not. */
export const unknownCommand = (name: string, way: string): ChannelFault => ({
  error: "command_not_found",
  errno: 404,
  reason: "command_not_found",
  message: `Cannot ${name.slice(0, 80)}: there is no such command${way}`,
  code: "unknown_command",
});

/** What is told when a subscription is refused. */
export function subscriptionFault(error: unknown, topic: string): ChannelFault {
  const code = codeOf(error);
  if (code !== "bad_topic" && code !== "job_invalid") return faultOf(error);
  return faultOf(error, topic.toUpperCase().startsWith("PROCESS:") ? "invalid_process" : "invalid_topic");
}
