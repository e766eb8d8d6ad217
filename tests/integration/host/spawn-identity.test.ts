import { describe, expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import type { SpawnRequest } from "../../../src/manager/process-host.ts";
import { HostRun, ways } from "../../support/host-run.ts";
import { TempDir } from "../../support/temp-dir.ts";
import { ThrowawayUser } from "../../support/throwaway-user.ts";

const fixture = join(import.meta.dir, "..", "..", "fixtures", "spawn-as.ts");
const repository = join(import.meta.dir, "..", "..", "..");

/** Real, effective, saved and file system id: all must be the same. */
const four = (id: number): string => Array<number>(4).fill(id).join(" ");

interface Who {
  readonly uid: string;
  readonly gid: string;
  readonly groups: string;
}

async function who(part: Partial<SpawnRequest>): Promise<Who> {
  await using run = new HostRun();
  const view = await run.view(part);
  return { uid: view.status("Uid"), gid: view.status("Gid"), groups: view.status("Groups") };
}

async function refusal(part: Partial<SpawnRequest>, command = "true"): Promise<string> {
  await using run = new HostRun();
  const child = await run.spawn([command], part).done();
  expect(child.calls).toEqual(["spawnFailed"]);
  return `${child.error?.code}: ${child.error?.message}`;
}

test("these tests change users, which root alone may", () => expect(process.getuid?.()).toBe(0));

describe.each(ways)("%s", (_way, part) => {
  test("a user by name brings its group", async () => {
    expect(await who({ ...part, uid: "nobody" })).toMatchObject({ uid: four(65_534), gid: four(65_534) });
    expect(await who({ ...part, uid: "games" })).toMatchObject({ uid: four(5), gid: four(60) });
  });

  test("a user by number is the same one", async () => {
    for (const uid of [5, "5"]) expect(await who({ ...part, uid })).toMatchObject({ uid: four(5), gid: four(60) });
  });

  test("a group by name or number replaces the user's", async () => {
    for (const gid of ["daemon", "1", 1]) {
      expect(await who({ ...part, uid: "games", gid })).toMatchObject({ uid: four(5), gid: four(1) });
    }
  });

  test("a group alone leaves the user", async () => {
    expect(await who({ ...part, gid: "daemon" })).toMatchObject({ uid: four(0), gid: four(1) });
  });

  test("none of our own supplementary groups is kept", async () => {
    const { groups } = await who({ ...part, uid: "nobody" });
    expect(["", "65534"]).toContain(groups);
  });

  test("numbers without an entry are taken as they are, to the largest there is", async () => {
    for (const id of [54_321, 2_147_483_648, 4_294_967_294]) {
      expect(await who({ ...part, uid: id })).toMatchObject({ uid: four(id), gid: four(id) });
    }
  });

  test("numbers beyond would be root again, and are refused", async () => {
    for (const id of [4_294_967_295, 4_294_967_296, "99999999999999999999"]) {
      expect(await refusal({ ...part, uid: id })).toBe(
        `user_unknown: Cannot run as user "${id}": no such user in /etc/passwd`,
      );
      expect(await refusal({ ...part, gid: id })).toBe(
        `user_unknown: Cannot run as group "${id}": no such group in /etc/group`,
      );
    }
  });

  test("unknown names are refused", async () => {
    for (const uid of ["no-such-user", "", "-1", "1.5", -1]) {
      expect(await refusal({ ...part, uid })).toBe(
        `user_unknown: Cannot run as user "${uid}": no such user in /etc/passwd`,
      );
    }
    expect(await refusal({ ...part, gid: "no-such-group" })).toBe(
      'user_unknown: Cannot run as group "no-such-group": no such group in /etc/group',
    );
  });

  test("a user keeps the rest of the view: group, session, signals, descriptors, environment", async () => {
    await using run = new HostRun();
    const view = await run.view({ ...part, uid: "games", env: { A: "1" }, input: true });
    expect(view.ids).toEqual({ pid: view.ids.pid, pgid: view.ids.pid, sid: view.ids.pid });
    expect([view.status("SigIgn"), view.status("SigBlk")]).toEqual(["0000000000000000", "0000000000000000"]);
    // The view is said by other processes of that user: a leader it may not look at would say nothing.
    expect(view.descriptors).toEqual({ 0: "fifo", 1: "fifo", 2: "fifo" });
    expect(view.env).toEqual({ A: "1" });
    expect(view.status("CapEff")).toBe("0000000000000000");
  });

  test("a program that the user may not reach is told", async () => {
    using dir = new TempDir({ script: "#!/bin/sh\n" });
    const path = dir.file("script");
    chmodSync(path, 0o755);
    chmodSync(dir.path, 0o700);
    expect(await refusal({ ...part, uid: "nobody" }, path)).toBe(
      `not_executable: Cannot run "${path}": permission denied`,
    );
  });
});

test("a user with supplementary groups has them, and only them", async () => {
  await using user = await ThrowawayUser.make(["daemon", "games"]);
  const all = async (part: Partial<SpawnRequest>): Promise<string[]> => {
    await using run = new HostRun();
    const child = await run.sh("id -un; id -g; id -G", { uid: user.name, ...part });
    const [name, gid, groups = ""] = child.said().split("\n");
    return [
      name ?? "",
      gid ?? "",
      groups
        .split(" ")
        .map(Number)
        .toSorted((a, b) => a - b)
        .join(" "),
    ];
  };
  expect(await all({})).toEqual([user.name, "65534", "1 60 65534"]);
  expect(await all({ gid: "daemon" })).toEqual([user.name, "1", "1 60"]);
  expect(await all({ rlimits: { core: { soft: 0, hard: 0 } } })).toEqual([user.name, "65534", "1 60 65534"]);
});

function asNobody(...args: string[]): string {
  const argv = [process.execPath, fixture, ...args];
  const { stdout, stderr } = Bun.spawnSync(argv, { uid: 65_534, gid: 65_534, cwd: repository });
  return stdout.toString().trim() + stderr.toString();
}

describe("a gaffer that is not root", () => {
  test("may name itself", () => {
    expect(asNobody("nobody")).toBe("65534");
    expect(asNobody("65534", "nogroup")).toBe("65534");
  });

  test("may name nobody else", () => {
    expect(asNobody("root")).toBe(
      'user_forbidden: Cannot run as user "root": gaffer itself must be root to change user',
    );
    expect(asNobody("nobody", "daemon")).toBe(
      'user_forbidden: Cannot run as user "nobody": gaffer itself must be root to change user',
    );
  });
});
