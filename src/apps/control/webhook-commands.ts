import { type TSchema, type TString, Type } from "@sinclair/typebox";
import { shownUrl } from "../../base/shown-url.ts";
import { parseWebhookSecret } from "../../base/webhook-secret.ts";
import { parseWebhookUrl } from "../../base/webhook-url.ts";
import { parseEventPattern } from "../../manager/event-pattern.ts";
import type { WebhookBody } from "../../wire/webhook-body.ts";
import type { WebhookStatus } from "../webhooks/web-hooks.ts";
import { fields } from "./arguments.ts";
import { type Command, defineCommand } from "./command.ts";
import { okResult } from "./results.ts";

/** Who makes a daemon send requests reaches whatever its machine does: it takes the right to manage everything. */
const everything = (): undefined => undefined;

const count = Type.Integer({ minimum: 0 });
const flag = Type.Boolean();
const event: TString = Type.String({ description: "it must be a pattern of events, such as exit or job.default.web" });
const url: TString = Type.String({ description: "it must be a URL of http or https" });

const webhookResult: TSchema = Type.Object({
  event: Type.String({ description: "Pattern of the events" }),
  url: Type.String({ description: "User, password and query are ***" }),
  signed: flag,
  configured: flag,
  pending: count,
  delivered: count,
  failed: count,
  dropped: count,
  last_error: Type.Union([Type.String(), Type.Null()]),
  gone: flag,
});

const webhookBody = ({ pattern, lastError, ...status }: WebhookStatus): WebhookBody => ({
  event: pattern,
  url: shownUrl(status.url),
  signed: status.signed,
  configured: status.configured,
  pending: status.pending,
  delivered: status.delivered,
  failed: status.failed,
  dropped: status.dropped,
  last_error: lastError ?? null,
  gone: status.gone,
});

/** Every webhook and how it fares. */
export const webhooks: Command = defineCommand({
  name: "webhooks",
  summary: "List the URLs that events are posted to, and how they fare",
  permission: "manage",
  target: everything,
  args: fields({}),
  result: Type.Object({ webhooks: Type.Array(webhookResult) }),
  run: (ports) => ({ body: { webhooks: ports.webhooks.list.map(webhookBody) } }),
});

const addArgs = fields({
  event,
  url,
  secret: Type.Optional(
    Type.String({ writeOnly: true, description: "it must be the secret that signs: whsec_ and base64, or any text" }),
  ),
});

/** Posts the events of a pattern to a URL, for as long as the daemon lives. */
export const addWebhook: Command = defineCommand({
  name: "add_webhook",
  summary: "Post the events of a pattern to a URL, for as long as the daemon lives",
  permission: "manage",
  target: everything,
  args: addArgs,
  result: okResult,
  run: (ports, args) => {
    const key = args.secret === undefined ? undefined : parseWebhookSecret(args.secret);
    ports.webhooks.register({ pattern: parseEventPattern(args.event), url: parseWebhookUrl(args.url), key });
    return { body: { ok: true } };
  },
});

/** Posts them no longer; a webhook of the configuration comes back when that is read again. */
export const removeWebhook: Command = defineCommand({
  name: "remove_webhook",
  summary:
    "Post the events of a pattern to a URL no longer; one of the configuration comes back when that is read again",
  permission: "manage",
  target: everything,
  args: fields({ event, url }),
  result: okResult,
  run: (ports, args) => {
    ports.webhooks.unregister({ pattern: parseEventPattern(args.event), url: parseWebhookUrl(args.url) });
    return { body: { ok: true } };
  },
});
