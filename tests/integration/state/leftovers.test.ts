import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readOwnCgroup } from "../../../src/host/cgroup-mount.ts";
import { removeCgroup } from "../../../src/host/cgroup-tree.ts";
import { stopLeftovers } from "../../../src/host/leftovers.ts";
import { localMachine } from "../../../src/host/local-machine.ts";
import { Instance } from "../../../src/state/instance.ts";
import { Life } from "../../support/life.ts";
import { SoleJobs } from "../../support/sole-jobs.ts";
import { TempDir } from "../../support/temp-dir.ts";
import { wholeTrees } from "../../support/tree-run.ts";
import { waitFor } from "../../support/wait-for.ts";

const below = readOwnCgroup() ?? "no version 2 hierarchy";
/** Control groups that the gaffer of a state folder has here. */
function groupsOf(folder: string): string[] {
  using instance = open(folder);
  return readdirSync(below).filter((name) => name.startsWith(`gaffer-${instance.ledger.instance}`));
}

const open = (folder: string): Instance => Instance.open(folder, { machine: localMachine, warn: () => undefined });

/** What `Life.up` shows, by pid of each place. */
const pidsOf = (slots: readonly { osPid: number | undefined }[]): number[] =>
  slots.flatMap(({ osPid }) => osPid ?? []).toSorted((a, b) => a - b);

/** Damage to a ledger, and whether the records that are left are enough to know what was found. */
const damages: readonly (readonly [what: string, damage: (bytes: Buffer) => Uint8Array])[] = [
  ["empty", () => Buffer.alloc(0)],
  ["garbage", () => Buffer.from("x".repeat(9000))],
  ["a truncated header", (bytes) => bytes.subarray(0, 2000)],
  ["truncated records", (bytes) => bytes.subarray(0, 4096 + 256 * 2 + 100)],
  ["flipped bits in all of it", (bytes) => bytes.map((byte, at) => (at % 100 === 0 ? byte ^ 4 : byte))],
  ["flipped bits in two records", (bytes) => bytes.map((byte, at) => (at === 4100 || at === 4400 ? byte ^ 1 : byte))],
];

describe.each(wholeTrees)("after SIGKILL of the daemon, trees held by %s", (trees) => {
  test("100 processes are found and stopped before anything is started, twice", async () => {
    using dir = new TempDir();
    using sole = new SoleJobs(dir);
    const options = { folder: dir.file("state"), trees, jobs: [sole.job(100)] };
    let before: number[] = [];
    for (const found of [0, 100, 100]) {
      await using life = new Life(options);
      const up = pidsOf(await life.up());
      expect(life.said[0]?.report).toMatchObject({ found, killed: 0, stuck: [], detached: [] });
      await waitFor(
        () => sole.starts.length % 100 === 0,
        () => "all starts",
      );
      expect(sole.alive).toEqual(up);
      expect(up.filter((pid) => before.includes(pid))).toEqual([]);
      before = up;
      await life.kill();
    }
    await using last = new Life({ ...options, jobs: [] });
    await last.up();
    expect(sole.alive).toEqual([]);
    expect([sole.complaints, sole.starts.length]).toEqual([[], 300]);
    await last.command("quit");
    expect(groupsOf(dir.file("state"))).toEqual([]);
  });

  test("each is asked by its own signal, and killed only when its own time is over", async () => {
    using dir = new TempDir();
    using sole = new SoleJobs(dir);
    const trap = (signal: string): string =>
      `trap 'echo "got ${signal}" >> signals; exit' ${signal}; trap '' TERM; while :; do sleep ${sole.mark}; done`;
    // Nobody reads a pipe any more: whoever said a word of farewell would die of SIGPIPE.
    const polite = sole.job(1, { name: "polite", redirectOutput: [], stopSignal: "SIGUSR2", before: trap("USR2") });
    const deaf = sole.job(1, { name: "deaf", gracefulTimeoutMs: 300, before: trap("HUP") });
    const folder = dir.file("state");
    await using life = new Life({ folder, trees, jobs: [polite, deaf] });
    await life.up();
    await waitFor(
      () => sole.alive.length === 4,
      () => "two shells and their sleeps",
    );
    await life.kill();
    await using next = new Life({ folder, trees, jobs: [] });
    await next.up();
    expect(next.said[0]?.report).toMatchObject({ found: 4, stuck: [] });
    expect(next.said[0]?.report?.labels.toSorted()).toEqual(["default.deaf.1", "default.polite.1"]);
    expect(next.said[0]?.report?.killed).toBeGreaterThanOrEqual(1);
    expect(readFileSync(dir.file("signals"), "utf8")).toBe("got USR2\n");
    expect(sole.alive).toEqual([]);
  });

  test("the longest wait is bounded, whatever a job asks for", async () => {
    using dir = new TempDir();
    using sole = new SoleJobs(dir);
    const deaf = sole.job(3, { before: "trap '' TERM;", gracefulTimeoutMs: 600_000 });
    const folder = dir.file("state");
    await using life = new Life({ folder, trees, jobs: [deaf] });
    await life.up();
    await waitFor(
      () => sole.alive.length === 3,
      () => "the deaf",
    );
    await life.kill();
    await using next = new Life({ folder, trees, jobs: [], limitMs: 100 });
    await next.up();
    expect(next.said[0]?.report).toMatchObject({ found: 3, killed: 3, stuck: [] });
    expect(sole.alive).toEqual([]);
  });

  test("those that left their group, and those whose leader is dead, are found", async () => {
    using dir = new TempDir();
    using sole = new SoleJobs(dir);
    const hide = `setsid sleep ${sole.mark} & (setsid sh -c '(trap "" TERM; sleep ${sole.mark}) & exit' &);
      (env -i setsid sh -c '(sleep ${sole.mark} & exit)' &);`;
    const folder = dir.file("state");
    await using life = new Life({ folder, trees, jobs: [sole.job(2, { before: hide, gracefulTimeoutMs: 200 })] });
    const [first] = pidsOf(await life.up());
    await waitFor(
      () => sole.alive.length >= 8,
      () => `four of each, not ${sole.alive.length}`,
    );
    await life.kill();
    process.kill(first ?? 0, "SIGKILL");
    await using next = new Life({ folder, trees, jobs: [] });
    await next.up();
    // Without control groups nothing tells an orphan with a cleared environment whose leader is dead.
    const lost = trees === "cgroup" ? 0 : 1;
    expect(sole.alive.length).toBeLessThanOrEqual(lost);
    expect(next.said[0]?.report?.labels.toSorted()).toEqual(["default.job.1", "default.job.2"]);
  });

  test.each(damages)(
    "a ledger that is %s is told, set aside, and all are found all the same",
    async (_what, damage) => {
      using dir = new TempDir();
      using sole = new SoleJobs(dir);
      const options = { folder: dir.file("state"), trees, jobs: [sole.job(5)] };
      await using life = new Life(options);
      await life.up();
      await waitFor(
        () => sole.starts.length === 5,
        () => "five starts",
      );
      await life.kill();
      const ledger = dir.file("state/ledger");
      const bytes = damage(readFileSync(ledger));
      writeFileSync(ledger, bytes);
      await using next = new Life(options);
      const up = pidsOf(await next.up());
      const told = next.said.flatMap(({ warning }) => warning ?? []);
      const aside = readdirSync(dir.file("state")).filter((name) => name.startsWith("ledger.corrupt-"));
      expect([told.length, aside.length]).toEqual(bytes.length === 0 ? [0, 0] : [1, 1]);
      expect(next.said.find(({ report }) => report !== undefined)?.report).toMatchObject({ found: 5, killed: 0 });
      await waitFor(
        () => sole.starts.length === 10,
        () => "five more starts",
      );
      expect([sole.alive, sole.complaints]).toEqual([up, []]);
      await next.command("quit");
      expect(sole.alive).toEqual([]);
    },
  );

  test("a disk that is full stops no restart, and loses nobody", async () => {
    using dir = new TempDir();
    using sole = new SoleJobs(dir);
    mkdirSync(dir.file("small"));
    const disk = dir.file("small");
    expect(Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=96k,mode=700", "none", disk]).exitCode).toBe(0);
    try {
      const options = { folder: join(disk, "state"), trees, jobs: [sole.job(40)] };
      {
        // The first life leaves the small files; then the disk has room for the header and 16 records.
        await using first = new Life({ ...options, jobs: [] });
        await first.command("quit");
      }
      writeFileSync(join(disk, "state/ledger"), "");
      const filler = Bun.spawnSync(["sh", "-c", `cat /dev/zero > ${disk}/filler; truncate -s -8192 ${disk}/filler`]);
      expect(filler.exitCode).toBe(0);
      await using life = new Life(options);
      await life.up();
      expect(life.said.flatMap(({ warning }) => warning ?? [])).toEqual([
        expect.stringMatching(/^Cannot write the ledger: the disk is full/),
      ]);
      // Who is killed before it has written down its start would be missed for ever.
      await waitFor(
        () => sole.starts.length === 40,
        () => `40 starts, not ${sole.starts.length}`,
      );
      await life.command("killall default.job");
      await waitFor(
        () => sole.starts.length === 80,
        () => `80 starts, not ${sole.starts.length}`,
      );
      await life.kill();
      await using next = new Life(options);
      await next.up();
      expect(next.said.find(({ report }) => report !== undefined)?.report).toMatchObject({ found: 40, stuck: [] });
      await waitFor(
        () => sole.starts.length === 120,
        () => `120 starts, not ${sole.starts.length}`,
      );
      expect([sole.complaints, sole.alive.length]).toEqual([[], 40]);
      await next.command("quit");
      expect(sole.alive).toEqual([]);
    } finally {
      Bun.spawnSync(["umount", "-l", disk]);
    }
  });
});

test("the next life sits in another control group, and finds those of the last one's", async () => {
  using dir = new TempDir();
  using sole = new SoleJobs(dir);
  const places = ["one", "two"].map((name) => join(below, `test-${process.pid}-${name}`));
  for (const place of places) mkdirSync(place);
  try {
    const options = { folder: dir.file("state"), trees: "cgroup" as const, jobs: [sole.job(3)] };
    await using life = new Life(options, places[0]);
    await life.up();
    await waitFor(
      () => sole.alive.length === 3,
      () => "three",
    );
    const [path = ""] = sole.alive.map((pid) => readFileSync(`/proc/${pid}/cgroup`, "latin1"));
    expect(path).toContain(`test-${process.pid}-one/gaffer-i`);
    await life.kill();
    await using next = new Life(options, places[1]);
    await next.up();
    expect(next.said[0]?.report).toMatchObject({ found: 3, killed: 0 });
    expect(readdirSync(places[0] ?? "").filter((name) => name.startsWith("gaffer-"))).toEqual([]);
    expect([sole.complaints, sole.alive.length]).toEqual([[], 3]);
    await next.command("quit");
  } finally {
    for (const place of places) removeCgroup(place);
  }
  expect(places.filter((place) => existsSync(place))).toEqual([]);
});

test("trees held in another way than by the last life: its control groups are found", async () => {
  using dir = new TempDir();
  using sole = new SoleJobs(dir);
  const folder = dir.file("state");
  await using life = new Life({ folder, trees: "cgroup", jobs: [sole.job(2)] });
  await life.up();
  await life.kill();
  await using next = new Life({ folder, trees: "subreaper", jobs: [sole.job(2)] });
  await next.up();
  expect(next.said[0]?.report).toMatchObject({ found: 2 });
  await waitFor(
    () => sole.starts.length === 4,
    () => "four starts",
  );
  expect([sole.complaints, sole.alive.length]).toEqual([[], 2]);
  await next.command("quit");
  expect(groupsOf(folder)).toEqual([]);
});

/** A record of `pid`, written by a life that is over. */
function forge(folder: string, pid: number, start: number | undefined): void {
  using instance = open(folder);
  const token = instance.ledger.tokenPrefix + "0".repeat(32);
  const stop = { stopSignal: 9, gracefulTimeoutMs: 0 };
  instance.ledger.intend({
    id: 1,
    label: "a.b.1",
    detach: false,
    fingerprint: "",
    token,
    folder: undefined,
    ...stop,
  });
  instance.ledger.spawned(1, pid, start);
}

describe("a record of a process that is not there any more", () => {
  test("whoever has its pid now is not signalled", async () => {
    using dir = new TempDir();
    await using bystander = Bun.spawn(["sleep", "600"]);
    const start = localMachine.startOf(bystander.pid) ?? 0;
    forge(dir.path, bystander.pid, start - 1);
    using instance = open(dir.path);
    expect(instance.ledger.left).toHaveLength(1);
    expect(await stopLeftovers(instance.ledger)).toEqual({ found: 0, killed: 0, labels: [], stuck: [], detached: [] });
    expect([bystander.exitCode, bystander.signalCode, instance.ledger.left]).toEqual([null, null, []]);
  });

  test("the same record of the process itself stops it", async () => {
    using dir = new TempDir();
    await using leftover = Bun.spawn(["sleep", "600"], { detached: true, stdio: ["ignore", "inherit", "inherit"] });
    forge(dir.path, leftover.pid, localMachine.startOf(leftover.pid));
    using instance = open(dir.path);
    expect(await stopLeftovers(instance.ledger)).toMatchObject({ found: 1, labels: ["a.b.1"] });
    await leftover.exited;
    expect(leftover.signalCode).toBe("SIGKILL");
  });

  test("of another boot it stops nobody, even with pid and start time of a living process", async () => {
    using dir = new TempDir();
    await using bystander = Bun.spawn(["sleep", "600"]);
    forge(dir.path, bystander.pid, localMachine.startOf(bystander.pid));
    const machine = { ...localMachine, bootId: "another" };
    using instance = Instance.open(dir.path, { machine, warn: () => undefined });
    expect(instance.ledger.left).toEqual([]);
    expect(await stopLeftovers(instance.ledger)).toMatchObject({ found: 0 });
    expect(bystander.signalCode).toBeNull();
  });
});
