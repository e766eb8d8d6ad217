import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { DaemonPlace } from "../support/daemon-place.ts";
import type { RunningGaffer } from "../support/running-gaffer.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(60_000);

/** A place whose daemons have one job, `web`. */
async function withWeb(): Promise<DaemonPlace> {
  const file = "[process:web]\ncmd = sh -c 'echo hello; exec sleep 1000'\n";
  const place = new DaemonPlace({ "gaffer.ini": file }, ["-c", "gaffer.ini"]);
  await place.start();
  return place;
}

/** Waits until a command has said something on stderr. */
const told = (gaffer: RunningGaffer, text: string, times = 1): Promise<void> =>
  waitFor(
    () => gaffer.stderr.split(text).length > times,
    () => `${text} in ${gaffer.stderr}`,
  );

const count = (text: string, pattern: RegExp): number => text.match(new RegExp(pattern, "g"))?.length ?? 0;

describe("gaffer ctl watch", () => {
  test("shows what happened and what happens, in words", async () => {
    await using place = await withWeb();
    await using watch = place.following("ctl", "watch", "--since", "0");
    await watch.said(/^\d\d:\d\d:\d\d default\.web +\| load$/m);
    await watch.said(/^\d\d:\d\d:\d\d default\.web\.1 \| spawn: pid \d+$/m);
    await place.said("ctl", "scale", "web=2");
    await watch.said(/default\.web +\| update: 2 processes$/m);
    await watch.said(/default\.web\.2 \| spawn: pid \d+$/m);
    await place.said("ctl", "kill", "web.2", "KILL");
    await watch.said(/default\.web\.2 \| exit: killed by SIGKILL/);
    expect(await watch.stop("SIGINT")).toEqual({ code: 0, signal: null });
    expect(watch.stderr).toBe("");
  });

  test("a pattern chooses, JSON is one object a line", async () => {
    await using place = await withWeb();
    await using watch = place.following("ctl", "watch", "job.default.web.stop", "--since", "0", "--json");
    await place.said("ctl", "stop", "web");
    await watch.said(/"event":"stop"/);
    await watch.stop();
    const events: unknown[] = watch.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(events).toMatchObject(events.map(() => ({ name: "default.web", event: expect.stringMatching(/^stop/) })));
  });

  for (const signal of ["SIGKILL", "SIGTERM"] as const) {
    test(`goes on over the end of the daemon by ${signal} and its next start, and says what it missed`, async () => {
      await using place = await withWeb();
      await using watch = place.following("ctl", "watch", "--since", "0");
      await place.said("ctl", "restart", "web");
      await watch.said(/default\.web +\| restart[^]*spawn: pid/);
      const before = count(watch.stdout, /spawn: pid/);
      await place.daemon.stop(signal);
      await told(watch, "gaffer: the connection was lost, trying again\n");
      await place.start();
      await told(watch, "gaffer: connected again\n");
      await waitFor(
        () => watch.stderr.includes("events were missed: "),
        () => watch.stderr,
      );
      expect(watch.stderr.split("\n")).toEqual([
        "gaffer: the connection was lost, trying again",
        "gaffer: connected again",
        expect.stringMatching(/^gaffer: (\d+ )?events were missed: \S+/),
        "",
      ]);
      await place.said("ctl", "stop", "web");
      await watch.said(/default\.web +\| stop$/m);
      // The processes of the next life were seen as they came.
      expect(count(watch.stdout, /spawn: pid/)).toBe(before + 1);
      expect(await watch.stop()).toEqual({ code: 0, signal: null });
    });
  }

  test("over several restarts it goes on each time", async () => {
    await using place = await withWeb();
    await using watch = place.following("ctl", "watch", "--since", "0");
    await watch.said(/spawn: pid/);
    for (let life = 1; life <= 3; life++) {
      await place.replace("SIGKILL");
      await told(watch, "gaffer: connected again\n", life);
    }
    await place.said("ctl", "stop", "web");
    await watch.said(/default\.web +\| stop$/m);
    expect(count(watch.stderr, /connection was lost/)).toBe(3);
  });
});

describe("gaffer ctl logs", () => {
  test("shows what is kept, of all jobs or some, the last lines, since a time", async () => {
    await using place = await withWeb();
    for (const name of ["a", "b"]) {
      await place.said(
        "ctl",
        "add_process",
        "--start",
        name,
        `sh -c 'for n in 1 2 3; do echo ${name}$$n; done; echo ${name}err >&2; exec sleep 1000'`,
      );
    }
    const all = await place.until((text) => text.split("\n").length === 10, "ctl", "logs");
    expect(all).toMatch(/^(\d\d:\d\d:\d\d (web|a|b)\.1 +\| (hello|[ab][123]|[ab]err)\n){9}$/);
    const texts = async (...args: string[]): Promise<string[]> =>
      (await place.said("ctl", "logs", ...args))
        .split("\n")
        .slice(0, -1)
        .map((line) => line.slice(line.indexOf("| ") + 2));
    expect((await texts("a")).toSorted()).toEqual(["a1", "a2", "a3", "aerr"]);
    expect((await texts("a", "default.b")).toSorted()).toEqual(["a1", "a2", "a3", "aerr", "b1", "b2", "b3", "berr"]);
    expect(await texts("--tail", "2")).toEqual((await texts()).slice(-2));
    expect(await texts("-n1", "web")).toEqual(["hello"]);
    expect(await texts("--tail=0")).toEqual([]);
    expect(await texts("--since", "1h")).toHaveLength(9);
    expect(await texts("--since", "0s")).toEqual([]);
    expect(await texts("--since", "2199-01-01")).toEqual([]);
    expect(await texts("--since", "2001-01-01T00:00:00Z")).toHaveLength(9);
    const json = (await place.said("ctl", "logs", "web", "--json"))
      .trim()
      .split("\n")
      .map((line): unknown => JSON.parse(line));
    expect(json).toEqual([
      { time: expect.any(Number), id: 1, slot: 1, job: "default.web", label: "stdout", text: "hello" },
    ]);
    const unknown = await place.ctl("logs", "nope");
    expect([unknown.code, unknown.stdout, unknown.stderr]).toEqual([1, "", expect.stringContaining('"default.nope"')]);
  });

  test("-f goes on with each line as it is said, of the jobs that are meant", async () => {
    await using place = await withWeb();
    const say = { name: "say", cmd: "while read line; do echo $line; done", shell: true, redirect_input: true };
    await place.run(["ctl", "load", "-"], { input: JSON.stringify(say) });
    await using all = place.following("ctl", "logs", "-f");
    await using one = place.following("ctl", "logs", "--follow", "say", "--json");
    await all.said(/web\.1 \| hello\n/);
    for (const word of ["one", "two", "three"]) {
      await place.said("ctl", "send", "say", word);
      await all.said(new RegExp(`say\\.1 \\| ${word}\n$`));
      await one.said(new RegExp(`"text":"${word}"}\n$`));
    }
    expect(one.stdout).not.toContain("hello");
    expect(await all.stop("SIGINT")).toEqual({ code: 0, signal: null });
    expect([all.stderr, one.stderr]).toEqual(["", ""]);
  });

  test("-f of a flood loses nothing and tells nothing twice", async () => {
    await using place = await withWeb();
    const most = 20_000;
    const flood = {
      name: "flood",
      cmd: `echo begin; read go; seq ${most}; exec sleep 1000`,
      shell: true,
      redirect_input: true,
    };
    await place.run(["ctl", "load", "-"], { input: JSON.stringify(flood) });
    await using logs = place.following("ctl", "logs", "-f", "flood");
    await logs.said(/begin\n/);
    await place.said("ctl", "send", "flood", "go");
    await logs.said(new RegExp(`\\| ${most}\n`));
    const numbers = logs.stdout
      .split("\n")
      .slice(1, -1)
      .map((line) => Number(line.slice(line.indexOf("| ") + 2)));
    expect(numbers).toEqual(Array.from({ length: most }, (_, n) => n + 1));
  });

  test("-f goes on over the end of the daemon and its next start", async () => {
    await using place = await withWeb();
    await using logs = place.following("ctl", "logs", "-f", "web");
    await logs.said(/hello/);
    for (const [life, signal] of (["SIGKILL", "SIGTERM"] as const).entries()) {
      await place.replace(signal);
      await waitFor(
        () => count(logs.stdout, /web\.1 \| hello/) === life + 2,
        () => logs.stdout,
      );
    }
    const lost = "gaffer: the connection was lost, trying again\ngaffer: connected again\n";
    expect(logs.stderr).toBe(lost + lost);
    expect(await logs.stop()).toEqual({ code: 0, signal: null });
  });
});
