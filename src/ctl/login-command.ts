import { GafferError } from "../base/gaffer-error.ts";
import { formatEndpoint, isLocal } from "../base/endpoint.ts";
import type { Command } from "../cli/command.ts";
import { connectedCommand } from "../cli/connected-command.ts";
import { askLine, readSecret } from "../cli/secret-input.ts";
import { say } from "../cli/stdout.ts";
import { Server } from "../client/server.ts";
import { findDaemon } from "../remote/find-daemon.ts";
import { storeKey } from "../remote/stored-keys.ts";

const spec = {
  name: "login",
  summary: "Log in to a daemon that asks for keys, and keep the key",
  examples: ["gaffer login -u ann", "gaffer login -u deploy --password-file - -g https://ops.example:5000 < password"],
  flags: {
    user: { type: "string", short: "u", value: "NAME", description: "Who you are; without it you are asked" },
    "password-file": { type: "string", value: "FILE", description: "File that holds the password; - is stdin" },
  },
} as const;

/** `gaffer login`: a key for a password. */
export const loginCommand: Command = connectedCommand(spec, findDaemon, async ({ client, flags, context }) => {
  const username = flags.user ?? askLine("username: ");
  if (username === undefined) throw new GafferError("usage", "Cannot log in: name yourself with --user NAME");
  const what = `password of ${username}`;
  const password = await readSecret({ what, flag: "password-file", file: flags["password-file"] });
  const { endpoint } = client;
  if (endpoint.kind === "tcp" && endpoint.tls !== true && !isLocal(endpoint)) {
    say(
      `gaffer: whoever is on the way to ${formatEndpoint(endpoint)} can read the password: it is sent as it is, use https\n`,
    );
  }
  const key = await new Server(client).authenticate(username, password);
  const path = storeKey(endpoint, key, context.env);
  say(`User '${username}' authenticated.\nThe key for ${formatEndpoint(endpoint)} is kept in ${path}\n`);
  return 0;
});
