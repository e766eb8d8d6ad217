import { describe, expect, test } from "bun:test";
import type { ConsoleManagerEvent } from "../../../src/apps/console-event.ts";
import { type ConsoleListener, ConsoleOutput, type ConsoleOutputOptions } from "../../../src/apps/console-output.ts";
import { OutputHub } from "../../../src/output/output-hub.ts";

const noon = new Date(2026, 0, 2, 12, 34, 56, 700).getTime();
const web = { id: 1, job: "default.web", slot: 1 };
const worker = { id: 2, job: "default.worker", slot: 1 };

/** A console on a hub, with what it wrote. */
class TestConsole {
  readonly hub = new OutputHub();
  readonly listeners = new Set<ConsoleListener>();
  readonly console: ConsoleOutput;
  now = noon;
  text = "";
  writes = 0;

  constructor(options: Partial<ConsoleOutputOptions> = {}) {
    const write = (lines: Uint8Array) => {
      this.writes++;
      this.text += Buffer.from(lines).toString();
    };
    this.console = new ConsoleOutput({
      hub: this.hub,
      writer: { write },
      colorize: false,
      now: () => this.now,
      ...options,
    });
    this.start();
  }

  start(): void {
    this.console.start({
      events: {
        subscribe: (_pattern, listener) => this.listeners.add(listener),
        unsubscribe: (_pattern, listener) => this.listeners.delete(listener),
      },
    });
  }

  publish(event: Partial<ConsoleManagerEvent> & { event: string }): void {
    const whole = { name: "default.web", time: noon, slot: 1, ...event };
    for (const listener of this.listeners) listener(whole.event, whole);
  }

  /** What was shown so far. */
  async shown(): Promise<string[]> {
    await Promise.resolve();
    return this.text.split("\n").slice(0, -1);
  }
}

const say = (text: string) => Buffer.from(text, "latin1");

describe("ConsoleOutput", () => {
  test("puts time and name before every line, as wide as the longest name", async () => {
    const shown = new TestConsole({ names: ["web.1", "worker.1"] });
    shown.hub.open(web, "stdout").write(say("one\ntwo\n"));
    shown.hub.open(worker, "stdout").write(say("three\n"));
    expect(await shown.shown()).toEqual([
      "12:34:56 web.1    | one",
      "12:34:56 web.1    | two",
      "12:34:56 worker.1 | three",
    ]);
  });

  test("never mixes two processes within a line", async () => {
    const shown = new TestConsole();
    const [a, b] = [shown.hub.open(web, "stdout"), shown.hub.open({ ...web, id: 2, slot: 2 }, "stdout")];
    a.write(say("half "));
    b.write(say("other "));
    a.write(say("whole\n"));
    b.write(say("line\nrest"));
    b.end();
    expect(await shown.shown()).toEqual([
      "12:34:56 web.1 | half whole",
      "12:34:56 web.2 | other line",
      "12:34:56 web.2 | rest",
    ]);
  });

  test("writes once a turn, not once a line", async () => {
    const shown = new TestConsole();
    const sink = shown.hub.open(web, "stdout");
    for (let n = 0; n < 1000; n++) sink.write(say(`${n}\n`));
    expect([(await shown.shown()).length, shown.writes]).toEqual([1000, 1]);
  });

  test("prefixes a line longer than the whole batch, in its place", async () => {
    const shown = new TestConsole();
    const sink = shown.hub.open(web, "stdout");
    sink.write(say("before\n"));
    sink.write(say(`${"x".repeat(10_000_000)}\nafter\n`));
    const lines = (await shown.shown()).map((line) => line.slice("12:34:56 web.1 | ".length));
    expect(lines.map((line) => line.slice(0, 6))).toEqual(["before", "xxxxxx", "after"]);
    expect(lines[1]?.length).toBe(10_000_000);
  });

  test("blocks of every length around the batch's bound come out whole", async () => {
    const shown = new TestConsole();
    const sink = shown.hub.open(web, "stdout");
    const expected: string[] = [];
    for (let length = 0; length < 3000; length++) {
      expected.push(`12:34:56 web.1 | ${"y".repeat(length)}`);
      sink.write(say(`${"y".repeat(length)}\n`));
    }
    expect(await shown.shown()).toEqual(expected);
  });

  test("passes a child's bytes and colours through untouched", async () => {
    const bytes: Buffer[] = [];
    const shown = new TestConsole({ writer: { write: (lines) => void bytes.push(Buffer.from(lines)) } });
    shown.hub.open(web, "stdout").write(say("\u001b[31mred \xff\x00\xfe\n"));
    await shown.shown();
    expect(Buffer.concat(bytes).toString("latin1")).toBe("12:34:56 web.1 | \u001b[31mred \xff\x00\xfe\n");
  });

  test("colours the prefix only, a job's processes alike, and goes round the colours", async () => {
    const names = Array.from({ length: 13 }, (_, n) => [`j${n}.1`, `j${n}.2`]).flat();
    const shown = new TestConsole({ colorize: true, names });
    for (let n = 12; n >= 0; n--) shown.hub.open({ id: n, job: `default.j${n}`, slot: 2 }, "stdout").write(say("x\n"));
    const lines = await shown.shown();
    const codes = lines.toReversed().map((line) => /^\u001b\[(\d+)m12:34:56 j\d+\.2 +\|\u001b\[39m x$/.exec(line)?.[1]);
    expect(codes.map(Number)).toEqual([36, 33, 32, 35, 31, 34, 96, 93, 92, 95, 91, 94, 36]);
  });

  test("tells the time of each line to the second", async () => {
    const shown = new TestConsole();
    const sink = shown.hub.open(web, "stdout");
    sink.write(say("a\n"));
    shown.now += 400;
    sink.write(say("b\n"));
    shown.now += 60_000;
    sink.write(say("c\n"));
    expect((await shown.shown()).map((line) => line.slice(0, 8))).toEqual(["12:34:56", "12:34:57", "12:35:57"]);
  });

  test("widens the column when a longer name comes", async () => {
    const shown = new TestConsole({ names: ["web.1"] });
    const sink = shown.hub.open(web, "stdout");
    sink.write(say("a\n"));
    shown.hub.open(worker, "stdout").write(say("b\n"));
    sink.write(say("c\n"));
    expect(await shown.shown()).toEqual(["12:34:56 web.1 | a", "12:34:56 worker.1 | b", "12:34:56 web.1    | c"]);
  });

  test("says in words what becomes of processes", async () => {
    const shown = new TestConsole();
    shown.publish({ event: "load", slot: undefined });
    shown.publish({ event: "spawn", os_pid: 123 });
    shown.publish({ event: "exit", reason: "exited with code 1", retry_in: 0.4 });
    shown.publish({ event: "spawn_failed", reason: "cwd\n does not exist", retry_in: 12.5 });
    shown.publish({ event: "stop_process" });
    shown.publish({ event: "exit", reason: "killed by SIGKILL" });
    shown.publish({ event: "flap", slot: undefined, reason: "3 exits in 5 s", retry_in: 7 });
    shown.publish({ event: "failed", slot: undefined });
    expect(await shown.shown()).toEqual([
      "12:34:56 web.1 | started with pid 123",
      "12:34:56 web.1 | exited with code 1, next try in 0.4 s",
      "12:34:56 web.1 | could not start: cwd does not exist, next try in 13 s",
      "12:34:56 web.1 | stopping",
      "12:34:56 web.1 | killed by SIGKILL",
      "12:34:56 web   | keeps failing: 3 exits in 5 s, next try in 7 s",
      "12:34:56 web   | given up",
    ]);
  });

  test("an event comes after the output that came before it", async () => {
    const shown = new TestConsole();
    const sink = shown.hub.open(web, "stdout");
    sink.write(say("last words"));
    sink.end();
    shown.publish({ event: "exit", reason: "exited with code 0" });
    expect(await shown.shown()).toEqual(["12:34:56 web.1 | last words", "12:34:56 web.1 | exited with code 0"]);
  });

  test("shows the kinds of events it was told to, and no output when told so", async () => {
    const shown = new TestConsole({ actions: ["load"], outputStreams: false });
    shown.publish({ event: "load", slot: undefined });
    shown.publish({ event: "spawn", os_pid: 1 });
    shown.hub.open(web, "stdout").write(say("unheard\n"));
    expect(await shown.shown()).toEqual(["12:34:56 web | load"]);
  });

  test("json: one object a line, for output and for events", async () => {
    const shown = new TestConsole({ json: true });
    shown.hub.open(web, "stderr").write(say('say "hi"\n\xff\n'));
    shown.publish({ event: "spawn", os_pid: 5 });
    expect((await shown.shown()).map((line) => JSON.parse(line))).toEqual([
      { time: noon, name: "default.web", slot: 1, stream: "stderr", text: 'say "hi"' },
      { time: noon, name: "default.web", slot: 1, stream: "stderr", text: "\ufffd" },
      { event: "spawn", name: "default.web", time: noon, slot: 1, os_pid: 5 },
    ]);
  });

  test("stop() shows what is unfinished, and nothing after; restart() goes on", async () => {
    const shown = new TestConsole();
    const sink = shown.hub.open(web, "stdout");
    sink.write(say("begun"));
    shown.console.stop();
    sink.write(say("unheard\n"));
    shown.publish({ event: "spawn", os_pid: 5 });
    expect([shown.text, shown.listeners.size]).toEqual(["12:34:56 web.1 | begun\n", 0]);
    shown.console.restart();
    sink.write(say("heard\n"));
    expect((await shown.shown()).at(-1)).toBe("12:34:56 web.1 | heard");
    shown.console.restart();
    expect(shown.listeners.size).toBe(1);
  });

  test("a terminal's lines are shown as they end", async () => {
    const shown = new TestConsole();
    const sink = shown.hub.open({ ...web, terminal: {} }, "stdout");
    sink.write(say("one\r\ntwo\r\n10 %\r20 %\r"));
    sink.write(say("100 %\r\nprompt> "));
    sink.end();
    const lines = (await shown.shown()).map((line) => line.slice("12:34:56 web.1 | ".length));
    expect(lines).toEqual(["one", "two", "20 %", "100 %", "prompt> "]);
  });

  test("a line that a terminal goes on overwriting is shown meanwhile", async () => {
    const shown = new TestConsole({ now: Date.now });
    const sink = shown.hub.open({ ...web, terminal: {} }, "stdout");
    for (let n = 0; n < 100; n++) sink.write(say(`${n}\r`));
    const first = (await shown.shown()).length;
    while (!shown.text.includes("| 99\n")) await Bun.sleep(1);
    sink.end();
    expect([first, (await shown.shown()).length]).toEqual([1, 3]);
  });

  test("a stretch of output that is missing is told", async () => {
    const shown = new TestConsole();
    const sink = shown.hub.open(web, "stdout");
    sink.write(Buffer.alloc(17_000_000, "x"));
    sink.write(say("\nnext\n"));
    const lines = (await shown.shown()).map((line) => line.slice("12:34:56 web.1 | ".length));
    expect(lines.map((line) => line.slice(0, 30))).toEqual(["x".repeat(30), "… 222785 bytes lost here", "next"]);
  });
});
