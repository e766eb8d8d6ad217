import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { DaemonPlace } from "../support/daemon-place.ts";

setDefaultTimeout(60_000);

/** Says which signals it gets, once it is ready for them. */
const talker = `trap 'echo got HUP' HUP; trap 'echo got USR1' USR1; echo "ready $MODE"; while :; do sleep 0.02; done`;
/** Says every line of its stdin, and how much it was at its end. */
const reader = 'while read line; do echo "<$line>"; done';

describe("gaffer ctl, of one process", () => {
  let place: DaemonPlace;
  beforeAll(async () => {
    place = new DaemonPlace();
    await place.start();
  });
  afterAll(() => place[Symbol.asyncDispose]());

  const load = async (job: Record<string, unknown>): Promise<void> => {
    const { code, stderr } = await place.run(["ctl", "load", "-"], { input: JSON.stringify(job) });
    expect([code, stderr]).toEqual([0, ""]);
  };
  const pids = async (job: string): Promise<string[]> =>
    (await place.said("ctl", "pids", job)).split("\n").slice(0, -1);

  test("kill: a job, a number, a label; by name, short name and number", async () => {
    await load({ name: "k.t", cmd: talker, shell: true, numprocesses: 2 });
    await place.until((text) => text.split("ready").length === 3, "ctl", "logs", "k.t");
    const [first = "", second = ""] = await pids("k.t");
    expect(await place.ctl("kill", "k.t.2", "HUP")).toEqual({ code: 0, stdout: "ok\n", stderr: "" });
    await place.until((text) => text.includes("k.t.2 | got HUP"), "ctl", "logs");
    await place.said("ctl", "kill", first, "SIGUSR1");
    await place.until((text) => text.includes("k.t.1 | got USR1"), "ctl", "logs");
    expect(await place.said("ctl", "logs")).not.toMatch(/k\.t\.1 \| got HUP|k\.t\.2 \| got USR1/);
    await place.said("ctl", "killall", "k.t", "1");
    await place.until((text) => text.includes("k.t.1 | got HUP") && text.split("got HUP").length === 4, "ctl", "logs");
    const bad = await place.ctl("kill", "k.t.2", "NOPE");
    expect([bad.code, bad.stderr]).toEqual([1, expect.stringContaining("NOPE")]);
    const gone = await place.ctl("kill", "k.t.3", "HUP");
    expect([gone.code, gone.stderr]).toEqual([1, 'gaffer: Cannot find process "k.t.3": there is none in slot 3\n']);
    expect(await pids("k.t")).toEqual([first, second]);
  });

  test("stop_process: another takes its place, with --scale-down none does", async () => {
    const [first = "", second = ""] = await pids("k.t");
    expect(await place.said("ctl", "stop_process", "k.t.1")).toBe(
      `process ${first} stopped, another takes its place\n`,
    );
    const [other = "", kept] = await pids("k.t");
    expect([other === first, kept]).toEqual([false, second]);
    expect(await place.said("ctl", "stop_process", second, "--scale-down")).toBe(`process ${second} stopped\n`);
    expect([await place.said("ctl", "numprocesses", "k.t"), await pids("k.t")]).toEqual(["1\n", [other]]);
  });

  test("commit: one more, once, with an environment of its own; its number is told", async () => {
    const id = (await place.said("ctl", "commit", "k.t", "-e", "MODE=once", "--env", "B=a=b", "-t", "0.5")).trim();
    await place.until((text) => text.includes("ready once"), "ctl", "logs", "k.t");
    expect(await place.json("ctl", "info", id)).toMatchObject({ committed: true, env: { MODE: "once", B: "a=b" } });
    expect(await place.said("ctl", "status")).toMatch(/^k\.t +running +1\/1 /m);
    expect(await place.json("ctl", "commit", "k.t")).toEqual({ pid: Number(id) + 1 });
    await place.said("ctl", "stop_process", id);
    expect(await pids("k.t")).not.toContain(id);
    await place.said("ctl", "unload", "k.t");
  });

  test("send: words as a line, all of stdin as it is; what it means must be one process", async () => {
    await load({ name: "echo", cmd: reader, shell: true, redirect_input: true });
    expect(await place.ctl("send", "echo", "hello", "wörld")).toEqual({ code: 0, stdout: "", stderr: "" });
    await place.until((text) => text.includes("| <hello wörld>"), "ctl", "logs", "echo");
    await place.said("ctl", "send", "echo.1", "--", "-x");
    const [id = ""] = await pids("echo");
    expect(await place.run(["ctl", "send", id, "-"], { input: "one\ntwo\nthr" })).toEqual({
      code: 0,
      stdout: "",
      stderr: "",
    });
    await place.run(["ctl", "send", id, "-"], { input: "ee\n" });
    const said = await place.until((text) => text.includes("<three>"), "ctl", "logs", "echo");
    expect(said.match(/<.*>/g)).toEqual(["<hello wörld>", "<-x>", "<one>", "<two>", "<three>"]);
    await place.said("ctl", "scale", "echo=2");
    const both = await place.ctl("send", "echo", "x");
    expect([both.code, both.stderr]).toEqual([1, expect.stringMatching(/it has 2 processes: \d+, \d+/)]);
    await place.said("ctl", "stop", "echo");
    const none = await place.ctl("send", "echo", "x");
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining("it has no process")]);
    await place.said("ctl", "unload", "echo");
  });

  test("send: more than its stdin takes at once waits for it, and nothing is lost", async () => {
    await load({
      name: "count",
      cmd: "sleep 0.3; head -c 5000000 | wc -c",
      shell: true,
      redirect_input: true,
      restart: "never",
    });
    const input = new Uint8Array(5_000_000).fill(120);
    expect(await place.run(["ctl", "send", "count", "-"], { input })).toEqual({ code: 0, stdout: "", stderr: "" });
    await place.until((text) => text.includes("| 5000000\n"), "ctl", "logs", "count");
    await place.said("ctl", "unload", "count");
  });

  test("send to what has no stdin of ours is refused", async () => {
    await load({ name: "deaf", cmd: "sleep 1000" });
    const { code, stderr } = await place.ctl("send", "deaf", "x");
    expect([code, stderr]).toEqual([1, expect.stringContaining("redirect_input")]);
    await place.said("ctl", "unload", "deaf");
  });

  test("no bug was met", async () => {
    expect(await place.said("ctl", "pids")).toBe("");
    expect(place.daemon.stderr).not.toContain("ERROR");
  });
});
