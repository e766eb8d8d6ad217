import { readFileSync } from "node:fs";
import { GafferError } from "../base/gaffer-error.ts";
import { shownUrl } from "../base/shown-url.ts";
import type { Command } from "../cli/command.ts";
import { jsonFlag } from "../cli/connection-flags.ts";
import { print } from "../cli/stdout.ts";
import { renderTable } from "../cli/table.ts";
import type { WebhookBody } from "../wire/webhook-body.ts";
import { ctlCommand } from "./ctl-call.ts";
import { groupCommand } from "./group-command.ts";

const path = "/webhooks";

const listSpec = {
  name: "webhook list",
  summary: "List the URLs that events are posted to, and how they fare",
  examples: ["gaffer ctl webhook list", "gaffer ctl webhook list --json"],
  flags: jsonFlag,
} as const;

const row = (hook: WebhookBody): string[] => [
  hook.event,
  hook.url,
  hook.signed ? "yes" : "no",
  String(hook.pending),
  String(hook.delivered),
  String(hook.failed),
  String(hook.dropped),
  hook.gone ? `gone: ${hook.last_error}` : (hook.last_error ?? "-"),
];

const listCommand: Command = ctlCommand(listSpec, async ({ client, flags, colour }) => {
  const { webhooks } = await client.json<{ webhooks: WebhookBody[] }>(path);
  const head = ["EVENT", "URL", "SIGNED", "PENDING", "DELIVERED", "FAILED", "DROPPED", "LAST ERROR"];
  print(flags.json ? `${JSON.stringify(webhooks)}\n` : renderTable({ head, rows: webhooks.map(row), colour }));
  return 0;
});

const target = {
  name: "event url",
  description: "Pattern of events, . for all; where to post them, or - to read the URL from stdin",
  most: 2,
} as const;

const secretFlag = {
  "secret-file": { type: "string", value: "FILE", description: "File with the secret that signs; - is stdin" },
} as const;

const addSpec = {
  name: "webhook add",
  summary: "Post events to a URL, for as long as the daemon lives; the configuration is where others stand",
  examples: [
    "gaffer ctl webhook add exit https://ops.example/hook",
    "gaffer ctl webhook add job.shop.web.failed https://ops.example/hook --secret-file hook.secret",
    "gaffer ctl webhook add . - < url.txt",
  ],
  positionals: target,
  flags: { ...secretFlag, ...jsonFlag },
} as const;

const addCommand: Command = ctlCommand(addSpec, async ({ client, args, flags }) => {
  const secretFile = flags["secret-file"];
  if (args[1] === "-" && secretFile === "-") {
    throw new GafferError("usage", "Cannot read both URL and secret from stdin: put one into a file");
  }
  const { event, url } = readTarget("add", args);
  const secret = secretFile === undefined ? undefined : readText(secretFile, "--secret-file");
  const answer = await client.json<object>(path, { method: "POST", body: { event, url, secret } });
  print(
    flags.json ? `${JSON.stringify(answer)}\n` : `webhook ${event} to ${shownUrl(url)} added, until the daemon ends\n`,
  );
  return 0;
});

const delSpec = {
  name: "webhook del",
  summary: "Post events to a URL no longer; one of the configuration comes back when that is read again",
  examples: ["gaffer ctl webhook del exit https://ops.example/hook"],
  positionals: { ...target, description: `${target.description}; it may be as the list shows it` },
  flags: jsonFlag,
} as const;

const delCommand: Command = ctlCommand(delSpec, async ({ client, args, flags }) => {
  const { event, url } = readTarget("del", args);
  const answer = await client.json<object>(path, { method: "DELETE", query: { event, url } });
  print(flags.json ? `${JSON.stringify(answer)}\n` : `webhook ${event} to ${shownUrl(url)} removed\n`);
  return 0;
});

function readTarget(
  command: string,
  [event, word]: readonly string[],
): { readonly event: string; readonly url: string } {
  if (event === undefined || word === undefined) {
    throw new GafferError("usage", `Cannot ${command} a webhook: give a pattern of events and a URL`);
  }
  const url = word === "-" ? readText("-", "URL").trim() : word;
  // Others of this machine can read our command line.
  if (word === "-" || !hasPassword(url)) return { event, url };
  const way = "a password is not taken on the command line; write - and give the URL on stdin";
  throw new GafferError("usage", `Cannot ${command} a webhook to ${shownUrl(url)}: ${way}`);
}

/** Whether a URL holds a user or a password, and not only the place of them, as the list shows it. */
function hasPassword(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { username, password } = new URL(url);
  return `${username}${password}` !== "" && `${username}${password}` !== "***";
}

function readText(file: string, what: string): string {
  try {
    // A byte that would be replaced would make another secret of it.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readFileSync(file === "-" ? 0 : file));
  } catch (error) {
    if (error instanceof TypeError) {
      const way = "write the bytes of a secret as whsec_ and base64";
      throw new GafferError("usage", `Cannot use ${what} ${JSON.stringify(file)}: it is not UTF-8 (${way})`, {
        cause: error,
      });
    }
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new GafferError("usage", `Cannot read ${what} ${JSON.stringify(file)}: ${code}`, { cause: error });
  }
}

/** `gaffer ctl webhook`: the URLs that events are posted to. */
export const webhookCommand: Command = groupCommand({
  name: "webhook",
  summary: "Post events to URLs",
  commands: { list: listCommand, add: addCommand, del: delCommand },
});
