import { addWebhook, removeWebhook, webhooks } from "../../control/webhook-commands.ts";
import { commandRoute, type ControlRoute } from "../command-route.ts";

const path = "/webhooks";

/** Routes of the URLs that events are posted to. */
export const webhookRoutes: readonly ControlRoute[] = [
  commandRoute({ method: "GET", path, command: webhooks }),
  commandRoute({ method: "POST", path, command: addWebhook, body: "fields", status: 201 }),
  commandRoute({ method: "DELETE", path, command: removeWebhook, query: ["event", "url"] }),
];
