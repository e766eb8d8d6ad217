import { describe, expect, test } from "bun:test";
import type { CliContext } from "../../../src/cli/command.ts";
import { connectedCommand } from "../../../src/cli/connected-command.ts";
import { waitFlags, waitSeconds } from "../../../src/cli/connection-flags.ts";
import { runCli } from "../../../src/cli/run-cli.ts";
import type { Command } from "../../../src/cli/command.ts";

const context: CliContext = { env: { A: "b" }, cwd: "/", isTerminal: () => false };
const never = (): Promise<Command> => Promise.reject(new Error("not this one"));

/** What a command below `ctl` was given, for a command line. */
async function given(...argv: string[]): Promise<unknown> {
  let seen: unknown;
  const status = connectedCommand(
    {
      name: "ctl status",
      summary: "Shows",
      examples: [],
      positionals: { name: "job", description: "A job" },
      flags: {
        ...waitFlags,
        much: { type: "count", short: "m", description: "More" },
        tail: { type: "integer", description: "N" },
      },
    },
    (choice, surroundings) => Promise.resolve({ choice, env: surroundings.env }),
    ({ client, args, flags }) => {
      seen = { client, args, wait: waitSeconds(flags), much: flags.much, tail: flags.tail };
      return Promise.resolve(0);
    },
  );
  const ctl: Command = {
    spec: { name: "ctl", summary: "Controls", examples: [], flags: {} },
    subCommands: { status: { summary: "Shows", load: () => Promise.resolve(status) } },
    run: () => 3,
  };
  const commands = {
    start: never,
    daemon: never,
    config: never,
    load: never,
    unload: never,
    reload: never,
    ps: never,
    scale: never,
    logs: never,
    stop: never,
    restart: never,
    check: never,
    version: never,
    login: never,
    ctl: () => Promise.resolve(ctl),
  };
  const code = await runCli({ argv0: "gaffer", argv, context, commands });
  return code === 0 ? seen : code;
}

const plain = { args: ["web"], wait: 86_400, much: 0, tail: undefined };
const choice = { endpoint: "unix:/s", "api-key-file": undefined };

describe("a command that talks to a daemon", () => {
  test.each<string[]>([
    ["ctl", "status", "web", "--endpoint", "unix:/s"],
    ["ctl", "status", "--endpoint=unix:/s", "web"],
    ["ctl", "--endpoint", "unix:/s", "status", "web"],
    ["ctl", "-g", "unix:/s", "status", "web"],
    ["--endpoint", "unix:/s", "ctl", "status", "web"],
    ["-g", "unix:/s", "ctl", "status", "web"],
    ["-g=unix:/s", "ctl", "status", "web"],
    ["--no-color", "-g", "unix:/s", "ctl", "status", "web"],
    ["-g", "tcp://other:1", "ctl", "status", "-g", "unix:/s", "web"],
  ])("takes the address before and after its name: %j %j %j %j %j", async (...argv) => {
    expect(await given(...argv)).toEqual({ ...plain, client: { choice, env: context.env } });
  });

  test("takes a key file, how long to wait, counts and whole numbers", async () => {
    const all = await given("--api-key-file", "k", "ctl", "status", "--wait", "2.5", "-mm", "--much", "--tail", "0");
    expect(all).toEqual({
      client: { choice: { endpoint: undefined, "api-key-file": "k" }, env: context.env },
      args: [],
      wait: 2.5,
      much: 3,
      tail: 0,
    });
    expect(await given("ctl", "status", "--no-wait")).toMatchObject({ wait: undefined });
    expect(await given("ctl", "status", "--no-wait", "--wait=5")).toMatchObject({ wait: undefined });
  });

  test.each<string[]>([
    ["ctl", "statsu"],
    ["ctl", "status", "--tail", "-1"],
    ["ctl", "status", "--tail=1.5"],
    ["ctl", "status", "--tail="],
    ["ctl", "status", "--much=2"],
    ["ctl", "status", "--wait=soon"],
    ["ctl", "status", "--endpoint="],
    ["ctl", "status", "--endpont", "x"],
    ["ctl", "toString"],
    ["ctl", "-g"],
  ])("refuses %j %j %j %j with 2", async (...argv) => {
    expect(await given(...argv)).toBe(argv[1] === "-g" ? 3 : 2);
  });
});

test("waitSeconds() of nothing is as long as it takes", () => {
  expect(waitSeconds({ wait: undefined, "no-wait": false })).toBe(86_400);
  expect(waitSeconds({ wait: 0, "no-wait": false })).toBe(0);
});
