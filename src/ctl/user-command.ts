import { GafferError } from "../base/gaffer-error.ts";
import type { Command } from "../cli/command.ts";
import { jsonFlag } from "../cli/connection-flags.ts";
import { readSecret } from "../cli/secret-input.ts";
import { print } from "../cli/stdout.ts";
import { renderTable } from "../cli/table.ts";
import { Users } from "../client/users.ts";
import type { UserBody } from "../wire/key-body.ts";
import { ctlCommand } from "./ctl-call.ts";
import { groupCommand } from "./group-command.ts";

/** What a change without an answer of its own is in JSON. */
const DONE = '{"ok":true}\n';
const HEAD = ["USER", "TYPE", "KEY"];
const row = (user: UserBody): string[] => [
  user.username,
  user.user_type === 0 ? "administrator" : "application",
  user.key ?? "-",
];
const positionals = { name: "NAME", description: "Name of the user", most: 1 } as const;
const passwordFlag = {
  "password-file": { type: "string", value: "FILE", description: "File that holds the password; - is stdin" },
} as const;
const keyFlag = {
  "key-file": { type: "string", value: "FILE", description: "File that holds the user's key; - is stdin" },
} as const;

function nameIn(action: string, [name]: readonly string[]): string {
  if (name !== undefined) return name;
  throw new GafferError("usage", `Cannot ${action} a user: give the name`);
}

const list: Command = ctlCommand(
  { name: "user list", summary: "List the users", examples: ["gaffer ctl user list"], flags: jsonFlag },
  async ({ client, flags, colour }) => {
    const users = await new Users(client).infos();
    print(flags.json ? `${JSON.stringify(users)}\n` : renderTable({ head: HEAD, rows: users.map(row), colour }));
    return 0;
  },
);

const show: Command = ctlCommand(
  { name: "user show", summary: "Show a user", examples: ["gaffer ctl user show ann"], positionals, flags: jsonFlag },
  async ({ client, flags, args, colour }) => {
    const user = await new Users(client).get(nameIn("show", args));
    print(flags.json ? `${JSON.stringify(user)}\n` : renderTable({ head: HEAD, rows: [row(user)], colour }));
    return 0;
  },
);

const add: Command = ctlCommand(
  {
    name: "user add",
    summary: "Make a user, who logs in to the key that is given",
    examples: ["gaffer ctl user add ann --key-file ann.key", "gaffer ctl user add bot --password-file bot.password"],
    positionals,
    flags: {
      ...passwordFlag,
      ...keyFlag,
      admin: { type: "boolean", description: "It is an administrator" },
      ...jsonFlag,
    },
  },
  async ({ client, flags, args }) => {
    const username = nameIn("make", args);
    if (flags["key-file"] === "-" && flags["password-file"] === "-") {
      throw new GafferError("usage", "Cannot read both password and key from stdin: put one into a file");
    }
    const file = flags["key-file"];
    const key = file === undefined ? undefined : await readSecret({ what: "key", flag: "key-file", file });
    const question = {
      what: `password of ${username}`,
      flag: "password-file",
      file: flags["password-file"],
      isNew: true,
    };
    const password = await readSecret(question);
    const type = flags.admin ? 0 : 1;
    const asked = { username, password, user_type: type, ...(key === undefined ? {} : { key }) } as const;
    const user = await new Users(client).create(asked);
    print(flags.json ? `${JSON.stringify(user)}\n` : `user ${user.username} added\n`);
    return 0;
  },
);

const del: Command = ctlCommand(
  {
    name: "user del",
    summary: "Take a user away; the keys stay",
    examples: ["gaffer ctl user del ann"],
    positionals,
    flags: jsonFlag,
  },
  async ({ client, flags, args }) => {
    const name = nameIn("take away", args);
    await new Users(client).delete(name);
    print(flags.json ? DONE : `user ${name} deleted\n`);
    return 0;
  },
);

const setKey: Command = ctlCommand(
  {
    name: "user setkey",
    summary: "Give a user another key",
    examples: ["gaffer ctl user setkey ann --key-file ann.key"],
    positionals,
    flags: { ...keyFlag, ...jsonFlag },
  },
  async ({ client, flags, args }) => {
    const name = nameIn("change", args);
    const key = await readSecret({ what: `key of ${name}`, flag: "key-file", file: flags["key-file"] });
    await new Users(client).setKey(name, key);
    print(flags.json ? DONE : `key of ${name} changed\n`);
    return 0;
  },
);

const setPassword: Command = ctlCommand(
  {
    name: "user setpassword",
    summary: "Give a user another password",
    examples: ["gaffer ctl user setpassword ann", "gaffer ctl user setpassword ann --password-file - < password"],
    positionals,
    flags: { ...passwordFlag, ...jsonFlag },
  },
  async ({ client, flags, args }) => {
    const name = nameIn("change", args);
    const file = flags["password-file"];
    const password = await readSecret({ what: `password of ${name}`, flag: "password-file", file, isNew: true });
    await new Users(client).setPassword(name, password);
    print(flags.json ? DONE : `password of ${name} changed\n`);
    return 0;
  },
);

/** `gaffer ctl user`: who may log in. */
export const userCommand: Command = groupCommand({
  name: "user",
  summary: "Make users and take them away, for a daemon that asks for keys",
  commands: { list, show, add, del, setkey: setKey, setpassword: setPassword },
});
