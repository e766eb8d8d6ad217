import { GafferError } from "../base/gaffer-error.ts";
import type { Command } from "../cli/command.ts";
import { jsonFlag } from "../cli/connection-flags.ts";
import { print } from "../cli/stdout.ts";
import { renderTable } from "../cli/table.ts";
import { looksLikeKey } from "../access/keyring.ts";
import { Keys } from "../client/keys.ts";
import type { KeyBody } from "../wire/key-body.ts";
import { readGrants } from "./key-grants.ts";
import { ctlCommand } from "./ctl-call.ts";
import { groupCommand } from "./group-command.ts";

const words = ({ permissions }: KeyBody): string =>
  Object.entries(permissions)
    .flatMap(([name, value]) =>
      Array.isArray(value) ? (value.length === 0 ? [] : [`${name} ${value.join(",")}`]) : value === true ? [name] : [],
    )
    .join("; ") || "nothing";

const row = (key: KeyBody): string[] => [
  key.key,
  key.label,
  words(key),
  key.parent ?? "-",
  new Date(key.created).toISOString(),
];
const HEAD = ["ID", "LABEL", "ALLOWS", "GOES WITH", "SINCE"];

const list: Command = ctlCommand(
  {
    name: "key list",
    summary: "List the keys: their ids, and what they allow",
    examples: ["gaffer ctl key list"],
    flags: jsonFlag,
  },
  async ({ client, flags, colour }) => {
    const keys = await new Keys(client).infos();
    print(flags.json ? `${JSON.stringify(keys)}\n` : renderTable({ head: HEAD, rows: keys.map(row), colour }));
    return 0;
  },
);

const show: Command = ctlCommand(
  {
    name: "key show",
    summary: "Show what a key allows, and the keys that go with it",
    examples: ["gaffer ctl key show 8eaed07575daf928"],
    positionals: { name: "ID", description: "Id of the key, as the list shows it", most: 1 },
    flags: jsonFlag,
  },
  async ({ client, flags, args, colour }) => {
    const key = await new Keys(client).get(idIn("show", args));
    const rows = [key, ...(key.keys ?? [])].map(row);
    print(flags.json ? `${JSON.stringify(key)}\n` : renderTable({ head: HEAD, rows, colour }));
    return 0;
  },
);

const create: Command = ctlCommand(
  {
    name: "key create",
    summary: "Make a key; it is shown once",
    examples: [
      "gaffer ctl key create shop+rwm --label deploy",
      "gaffer ctl key create +a",
      "gaffer ctl key create shop.web+r shop.db+r",
    ],
    positionals: {
      name: "[GRANT...]",
      description:
        "+a administrator, +k make keys, +u make users, +m manage all, TARGET+r read, +w write, +m manage; TARGET is *, a session or a job",
      most: Infinity,
    },
    flags: {
      label: { type: "string", value: "TEXT", description: "What it is for" },
      parent: { type: "string", value: "ID", description: "The key that it is taken back with" },
      ...jsonFlag,
    },
  },
  async ({ client, flags, args }) => {
    const { label, parent } = flags;
    const made = await new Keys(client).create({
      permissions: readGrants(args),
      ...(label === undefined ? {} : { label }),
      ...(parent === undefined ? {} : { parent: idIn("go with", [parent]) }),
    });
    print(flags.json ? `${JSON.stringify(made)}\n` : `id: ${made.key}\nkey: ${made.api_key}\n`);
    return 0;
  },
);

const remove: Command = ctlCommand(
  {
    name: "key delete",
    summary: "Take a key back, with all that go with it; what they opened is closed",
    examples: ["gaffer ctl key delete 8eaed07575daf928"],
    positionals: { name: "ID", description: "Id of the key, as the list shows it", most: 1 },
    flags: jsonFlag,
  },
  async ({ client, flags, args }) => {
    const keys = await new Keys(client).delete(idIn("delete", args));
    print(flags.json ? `${JSON.stringify({ keys })}\n` : keys.map((id) => `key ${id} taken back\n`).join(""));
    return 0;
  },
);

/** An id; a key itself would be seen by everybody who lists the processes of this machine. */
function idIn(action: string, [id]: readonly string[]): string {
  if (id === undefined) throw new GafferError("usage", `Cannot ${action} a key: give its id`);
  if (!looksLikeKey(id)) return id;
  throw new GafferError(
    "usage",
    `Cannot ${action} a key by itself: a key is not taken on the command line, give its id`,
  );
}

/** `gaffer ctl key`: who may do what. */
export const keyCommand: Command = groupCommand({
  name: "key",
  summary: "Make keys and take them back, for a daemon that asks for them",
  commands: { list, show, create, delete: remove },
});
