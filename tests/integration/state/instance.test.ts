import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { localMachine } from "../../../src/host/local-machine.ts";
import { Instance } from "../../../src/state/instance.ts";
import { Life } from "../../support/life.ts";
import { openPipes } from "../../support/open-descriptors.ts";
import { TempDir } from "../../support/temp-dir.ts";
import { thrownBy } from "../../support/thrown-by.ts";

function open(folder: string, machine = localMachine): Instance & { said: string[] } {
  const said: string[] = [];
  return Object.assign(Instance.open(folder, { machine, warn: (text) => void said.push(text) }), { said });
}

function opensOurs(fd: string, folder: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
  } catch (error) {
    // The descriptor of the listing itself is closed by now.
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
}

const modeOf = (path: string): number => statSync(path).mode & 0o777;

/** Why a folder is refused. */
const fact = (folder: string): string => {
  const error = thrownBy(() => open(folder));
  expect(error.code).toBe("state_unusable");
  return error.message.replace(`Cannot use state folder "${folder}": `, "");
};

describe("Instance.open()", () => {
  test("makes the folder and what is in it for its owner alone", () => {
    using dir = new TempDir();
    const folder = dir.file("a/b/state");
    using instance = open(folder);
    expect(instance.folder).toBe(folder);
    expect([folder, `${folder}/lock`, `${folder}/id`, `${folder}/ledger`].map(modeOf)).toEqual([
      0o700, 0o600, 0o600, 0o600,
    ]);
    expect(readFileSync(`${folder}/lock`, "latin1")).toMatch(
      new RegExp(`^${process.pid} \\d+ ${localMachine.bootId} *\n$`),
    );
    expect(instance.said).toEqual([]);
  });

  test("the instance is the same in every life, nobody else's, and its name does not tell its token", () => {
    using dir = new TempDir();
    const of = (name: string): string[] => {
      using instance = open(dir.file(name));
      return [instance.ledger.instance, instance.ledger.tokenPrefix];
    };
    const [first, again, other] = [of("one"), of("one"), of("two")];
    expect(again).toEqual(first);
    expect(other[0]).not.toBe(first[0]);
    expect(first[0]).toMatch(/^i[0-9a-f]{15}$/);
    expect(first[1]).toMatch(/^[0-9a-f]{32}$/);
    renameSync(dir.file("one"), dir.file("moved"));
    // Its control groups are named by the place, its tokens by what lies in it.
    expect(of("moved")[1]).toBe(first[1]);
  });

  test("the loss of any one file loses neither the name nor the tokens, and of every file only the tokens", () => {
    using dir = new TempDir();
    const of = (): string[] => {
      using instance = open(dir.path);
      return [instance.ledger.instance, instance.ledger.tokenPrefix];
    };
    const first = of();
    for (const lose of [
      () => rmSync(dir.file("id")),
      () => writeFileSync(dir.file("id"), crypto.getRandomValues(new Uint8Array(3000))),
      () => rmSync(dir.file("ledger")),
      () => writeFileSync(dir.file("ledger"), "garbage"),
      () => rmSync(dir.file("lock")),
    ]) {
      lose();
      expect(of()).toEqual(first);
    }
    for (const name of readdirSync(dir.path)) writeFileSync(dir.file(name), "garbage");
    using last = open(dir.path);
    expect(last.ledger.instance).toBe(first[0] ?? "");
    expect(last.said.join()).toContain("found by control group alone");
  });

  test("a copy of a folder is another instance", () => {
    using dir = new TempDir();
    const names: string[] = [];
    {
      using one = open(dir.file("one"));
      one.ledger.intend({
        id: 1,
        label: "a.b.1",
        detach: false,
        stopSignal: 15,
        gracefulTimeoutMs: 0,
        fingerprint: "",
        token: one.ledger.tokenPrefix + "0".repeat(32),
        folder: undefined,
      });
      names.push(one.ledger.instance);
    }
    cpSync(dir.file("one"), dir.file("copy"), { recursive: true });
    using copy = open(dir.file("copy"));
    expect(names).not.toContain(copy.ledger.instance);
    expect(copy.ledger.left).toEqual([]);
    expect(copy.said).toEqual([expect.stringMatching(/copy/)]);
  });

  test("refuses a folder that another holds, and says who", async () => {
    using dir = new TempDir();
    await using life = new Life({ folder: dir.path, trees: "group", jobs: [] });
    await life.up();
    const error = thrownBy(() => open(dir.path));
    expect(error.code).toBe("instance_held");
    expect(error.message).toBe(
      `Cannot use state folder "${dir.path}": the daemon with pid ${life.pid} holds it (stop that one first, or give this one another state_dir)`,
    );
    await life.kill();
    using instance = open(dir.path);
    expect(instance.ledger.left).toEqual([]);
  });

  test("what its holder spawned does not hold the folder after it", async () => {
    using dir = new TempDir();
    await using life = new Life({
      folder: dir.path,
      trees: "group",
      jobs: [{ name: "j", cmd: "sleep 600", rlimits: { core: { soft: 0, hard: 0 } } }],
    });
    const [slot] = await life.up();
    await life.kill();
    using instance = open(dir.path);
    expect(instance.ledger.left.map(({ osPid }) => osPid)).toEqual([slot?.osPid]);
    process.kill(slot?.osPid ?? 0, "SIGKILL");
  });

  test("refuses itself a second time in one program", () => {
    using dir = new TempDir();
    using first = open(dir.path);
    expect(first.ledger.size).toBe(0);
    expect(thrownBy(() => open(dir.path)).message).toContain(`pid ${process.pid} holds it`);
  });

  test("goes by the pid in the file where the machine has no locks", () => {
    using dir = new TempDir();
    const machine = { ...localMachine, lock: () => undefined };
    dir.write("lock", `${process.ppid} ${localMachine.startOf(process.ppid)} ${localMachine.bootId}\n`);
    expect(thrownBy(() => open(dir.path, machine)).message).toContain(`pid ${process.ppid} holds it`);
    // The pid is another's by now, and so it is after a new start of the machine.
    for (const text of [`${process.ppid} 1 ${localMachine.bootId}`, `${process.ppid} 1 other-boot`, "garbage", ""]) {
      dir.write("lock", `${text}\n`);
      using instance = open(dir.path, machine);
      expect(instance.folder).toBe(dir.path);
    }
  });

  test("ten at a time for one folder: one has it, nine are told by whom it is held", async () => {
    using dir = new TempDir();
    for (let round = 0; round < 3; round++) {
      const lives = Array.from({ length: 10 }, () => new Life({ folder: dir.path, trees: "group", jobs: [] }));
      const first = await Promise.all(
        lives.map((life) => life.says(({ up, refused }) => (up ?? refused) !== undefined)),
      );
      const holders = lives.filter((_, index) => first[index]?.up !== undefined);
      expect(holders).toHaveLength(1);
      const refusals = first.flatMap(({ refused }) => refused ?? []);
      expect(refusals).toHaveLength(9);
      for (const refusal of refusals) expect(refusal).toMatch(/^Cannot use state folder ".*": .* holds it/);
      for (const life of lives) await life.kill();
    }
  });

  test("says why a folder can't be used, and the way out", () => {
    using dir = new TempDir({ file: "", "others/x": "" });
    const way = "(name another one by state_dir)";
    expect(fact(dir.file("file"))).toBe(`it is no folder ${way}`);
    expect(fact(dir.file("file/below"))).toBe(`a part of its path is no folder ${way}`);
    mkdirSync(dir.file("foreign"));
    const chown = Bun.spawnSync(["chown", "12345", dir.file("foreign")]);
    expect(chown.exitCode).toBe(0);
    expect(fact(dir.file("foreign"))).toBe(`it belongs to another user (uid 12345) ${way}`);
    expect(fact("/proc/gaffer")).toContain(way);
  });

  test("says that the file system is read-only", () => {
    using dir = new TempDir();
    mkdirSync(dir.file("ro"));
    expect(Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "ro,mode=700", "none", dir.file("ro")]).exitCode).toBe(0);
    try {
      expect(thrownBy(() => open(dir.file("ro/state"))).message).toMatch(/: its file system is read-only \(/);
      expect(thrownBy(() => open(dir.file("ro"))).message).toMatch(
        /: its lock cannot be opened: its file system is read-only \(/,
      );
    } finally {
      Bun.spawnSync(["umount", dir.file("ro")]);
    }
  });

  test("closes to others a folder that they could write to, and follows no link in it", () => {
    using dir = new TempDir();
    mkdirSync(dir.file("open"));
    chmodSync(dir.file("open"), 0o777);
    {
      using instance = open(dir.file("open"));
      expect([instance.said, modeOf(dir.file("open"))]).toEqual([[], 0o755]);
    }
    mkdirSync(dir.file("linked"));
    const target = dir.write("target", "precious");
    symlinkSync(target, dir.file("linked/lock"));
    expect(thrownBy(() => open(dir.file("linked"))).code).toBe("state_unusable");
    expect(readFileSync(target, "utf8")).toBe("precious");
  });

  test("leaves nothing open", () => {
    using dir = new TempDir();
    const before = openPipes();
    const fds = (): number => readdirSync("/proc/self/fd").filter((fd) => opensOurs(fd, dir.path)).length;
    for (let round = 0; round < 20; round++) {
      using instance = open(dir.path);
      expect(thrownBy(() => open(dir.path)).code).toBe("instance_held");
      expect(instance.said).toEqual([]);
    }
    expect(fds()).toBe(0);
    expect(openPipes()).toEqual(before);
    writeFileSync(dir.file("id"), "garbage");
    using instance = open(dir.path);
    expect(instance.said).toEqual([expect.stringMatching(/the ledger still knows it/)]);
  });
});
