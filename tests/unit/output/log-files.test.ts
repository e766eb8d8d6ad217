import { describe, expect, test } from "bun:test";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import type { OutputSink } from "../../../src/output/open-output.ts";
import { LogFiles } from "../../../src/output/log-files.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { TempDir } from "../../support/temp-dir.ts";

/** Log files in a folder of their own, and what was told of them. */
class Logs extends TempDir implements AsyncDisposable {
  readonly problems: string[] = [];
  /** Monotonic time, which only a test moves. */
  now = 5000;
  /** What each look at the clock adds. */
  tick = 0;
  readonly files: LogFiles;

  constructor(openFiles = 512) {
    super();
    this.files = new LogFiles({
      onProblem: (message) => this.problems.push(message.replaceAll(this.path, "DIR")),
      now: () => (this.now += this.tick),
      openFiles,
    });
  }

  open(name = "log", { maxBytes = 0, backups = 10 } = {}): (text: string | Uint8Array) => void {
    const sink = this.sink(name, { maxBytes, backups });
    return (text) => sink.write(Buffer.from(text), 0, 0);
  }

  sink(name = "log", { maxBytes = 0, backups = 10 } = {}): OutputSink {
    return this.files.open({ path: this.file(name), maxBytes, backups });
  }

  text(name = "log"): string {
    return readFileSync(this.file(name), "utf8");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.files[Symbol.asyncDispose]();
    this[Symbol.dispose]();
  }

  /** All files by name. */
  get contents(): Record<string, string> {
    return Object.fromEntries(
      readdirSync(this.path)
        .toSorted()
        .map((name) => [name, this.text(name)]),
    );
  }
}

const feed = (sink: OutputSink, ...texts: readonly string[]): void => {
  for (const text of texts) sink.write(Buffer.from(text), 0, 0);
};

describe("LogFiles, one writer", () => {
  test("appends bytes as they come, whatever they are", async () => {
    await using logs = new Logs();
    logs.write("log", "before\n");
    const write = logs.open();
    const bytes = Buffer.from(Array.from({ length: 1024 }, (_, n) => n % 256));
    write(bytes);
    write("unfinished");
    expect(
      Buffer.compare(
        readFileSync(logs.file("log")),
        Buffer.concat([Buffer.from("before\n"), bytes, Buffer.from("unfinished")]),
      ),
    ).toBe(0);
  });

  test("makes the file at once, for its owner and readers of its group", async () => {
    await using logs = new Logs();
    const before = process.umask(0o022);
    logs.open("plain");
    process.umask(0o077);
    logs.open("private");
    process.umask(before);
    const modes = ["plain", "private"].map((name) => (statSync(logs.file(name)).mode & 0o777).toString(8));
    expect(modes).toEqual(["640", "600"]);
  });

  test("rotates before the line that would not fit, and keeps so many", async () => {
    await using logs = new Logs();
    const write = logs.open("log", { maxBytes: 8, backups: 2 });
    write("aaa\nbbb\nccc\nddd\neee\n");
    write("fff\ngg\nhhhh\n");
    expect(logs.contents).toEqual({ log: "gg\nhhhh\n", "log.1": "eee\nfff\n", "log.2": "ccc\nddd\n" });
  });

  test("a file may be as large as the bound exactly, and is not rotated before more comes", async () => {
    await using logs = new Logs();
    const write = logs.open("log", { maxBytes: 8 });
    write("aaa\nbbb\n");
    expect(logs.contents).toEqual({ log: "aaa\nbbb\n" });
    write("c\n");
    expect(logs.contents).toEqual({ log: "c\n", "log.1": "aaa\nbbb\n" });
  });

  test("a line larger than any file passes whole, and stands alone", async () => {
    await using logs = new Logs();
    const write = logs.open("log", { maxBytes: 8 });
    const huge = "h".repeat(100);
    write(`a\n${huge}`);
    write(huge);
    write(`${huge}\nb\n`);
    expect(logs.contents).toEqual({ log: "b\n", "log.1": `${huge}${huge}${huge}\n`, "log.2": "a\n" });
  });

  test("a line that comes in pieces stays in one file", async () => {
    await using logs = new Logs();
    const write = logs.open("log", { maxBytes: 8 });
    for (const piece of ["aa", "aa\nb", "bbbbb", "bb\nc", "c\n"]) write(piece);
    expect(logs.contents).toEqual({ log: "cc\n", "log.1": "aaaa\nbbbbbbbb\n" });
  });

  test("with no backups the file is replaced, and who reads the old one goes on", async () => {
    await using logs = new Logs();
    const write = logs.open("log", { maxBytes: 4, backups: 0 });
    write("aaa\n");
    const old = openSync(logs.file("log"), "r");
    write("bbb\n");
    const seen = readFileSync(old, "utf8");
    closeSync(old);
    expect([seen, logs.contents]).toEqual(["aaa\n", { log: "bbb\n" }]);
  });

  test("what stood there before counts", async () => {
    await using logs = new Logs();
    logs.write("log", "1234567\n");
    logs.open("log", { maxBytes: 8 })("a\n");
    expect(logs.contents).toEqual({ log: "a\n", "log.1": "1234567\n" });
  });

  test("any cut into chunks gives the same whole lines, in order, over all files", async () => {
    const random = new SeededRandom(7);
    for (let round = 0; round < 40; round++) {
      await using logs = new Logs();
      const text = Array.from({ length: 60 }, (_, n) => `${n}${"x".repeat(Math.floor(random.next() * 30))}\n`).join("");
      const maxBytes = 1 + Math.floor(random.next() * 80);
      const write = logs.open("log", { maxBytes, backups: 1000 });
      for (let at = 0; at < text.length;) {
        const end = at + 1 + Math.floor(random.next() * 100);
        write(text.slice(at, end));
        at = end;
      }
      const names = Object.keys(logs.contents).toSorted((a, b) => Number(b.slice(4)) - Number(a.slice(4)));
      const texts = names.map((name) => logs.text(name));
      expect(texts.join("")).toBe(text);
      for (const one of texts) {
        expect(one.endsWith("\n")).toBe(true);
        // Only a single line may be over the bound, or one whose first piece was written when it still fitted.
        expect(one.length <= maxBytes + 33).toBe(true);
      }
    }
  });

  test("a link is followed: the file it names is rotated beside itself", async () => {
    await using logs = new Logs();
    mkdirSync(logs.file("data"));
    symlinkSync("data/real", logs.file("log"));
    const write = logs.open("log", { maxBytes: 4 });
    write("aaa\nbbb\n");
    expect([logs.text("data/real"), logs.text("data/real.1"), logs.text("log")]).toEqual(["bbb\n", "aaa\n", "bbb\n"]);
  });

  test("a file that somebody has truncated is not rotated for what it was", async () => {
    await using logs = new Logs();
    const write = logs.open("log", { maxBytes: 8 });
    write("aaa\nbbb\n");
    writeFileSync(logs.file("log"), "");
    write("c\n");
    expect(logs.contents).toEqual({ log: "c\n" });
  });
});

describe("LogFiles, several writers", () => {
  test("lines stay whole, whoever writes between", async () => {
    await using logs = new Logs();
    const [a, b] = [logs.open(), logs.open()];
    a("a1\na");
    b("b1\nb");
    a("2");
    b("2\nb3\nb");
    a("\na3\n");
    b("4\n");
    expect(logs.text()).toBe("a1\nb1\nb2\nb3\na2\na3\nb4\n");
  });

  test("random pieces of many writers, across rotations: nothing lost, torn or doubled", async () => {
    const random = new SeededRandom(11);
    await using logs = new Logs();
    const writers = Array.from({ length: 8 }, (_, name) => ({
      sink: logs.sink("log", { maxBytes: 500, backups: 1000 }),
      rest: Array.from({ length: 200 }, (_line, n) => `${name} ${n} ${"y".repeat(n % 50)}\n`).join(""),
    }));
    for (let live = writers.filter(({ rest }) => rest !== ""); live.length > 0;) {
      const writer = live[Math.floor(random.next() * live.length)];
      if (writer === undefined) break;
      const size = 1 + Math.floor(random.next() * 90);
      feed(writer.sink, writer.rest.slice(0, size));
      writer.rest = writer.rest.slice(size);
      if (writer.rest === "") writer.sink.end(0);
      live = live.filter(({ rest }) => rest !== "");
    }
    const names = Object.keys(logs.contents).toSorted((a, b) => Number(b.slice(4)) - Number(a.slice(4)));
    const next = Array.from({ length: 8 }, () => 0);
    for (const line of names.flatMap((name) => logs.text(name).split("\n").slice(0, -1))) {
      const [, name = "", n = "", pad = ""] = /^(\d) (\d+) (y*)$/.exec(line) ?? [];
      expect([Number(n), pad.length]).toEqual([next[Number(name)] ?? -1, Number(n) % 50]);
      next[Number(name)] = Number(n) + 1;
    }
    expect(names.length).toBeGreaterThan(100);
    expect(next).toEqual(Array.from({ length: 8 }, () => 200));
  });

  test("a line without end is held to a bound; then it is written, and others' lines begin anew", async () => {
    await using logs = new Logs();
    const [a, b] = [logs.open(), logs.open()];
    const bound = 1_048_576;
    a("x".repeat(bound - 1));
    expect(logs.text()).toBe("");
    a("x");
    expect(logs.text()).toBe("x".repeat(bound));
    a("yy");
    b("b1\n");
    expect(logs.text()).toBe(`${"x".repeat(bound)}yy`);
    a("z\n");
    expect(logs.text()).toBe(`${"x".repeat(bound)}yyz\nb1\n`);
  });

  test("who waits for another's line waits to a bound", async () => {
    await using logs = new Logs();
    const a = logs.open();
    a("Password: ");
    const b = logs.open();
    const lines = `${"b".repeat(99)}\n`.repeat(11_000);
    b(lines);
    a("secret\n");
    expect(logs.text()).toBe(`Password: \n${lines}secret\n`);
  });

  test("the last words of one that ended, and the first of the next, are two lines", async () => {
    await using logs = new Logs();
    const first = logs.sink();
    feed(first, "one\nlast words");
    first.end(0);
    expect(logs.text()).toBe("one\nlast words");
    logs.open()("next\n");
    expect(logs.text()).toBe("one\nlast words\nnext\n");
  });

  test("what one holds back is written when it ends, and the others go on", async () => {
    await using logs = new Logs();
    const [a, b] = [logs.sink(), logs.sink()];
    feed(a, "a");
    feed(b, "b");
    a.end(0);
    feed(b, "b\n");
    b.end(0);
    expect(logs.text()).toBe("a\nbb\n");
  });
});

describe("LogFiles, descriptors", () => {
  test("a file without writers is closed and forgotten", async () => {
    await using logs = new Logs();
    const [a, b, c] = [logs.sink("one"), logs.sink("one"), logs.sink("two")];
    expect(logs.files.openFiles).toBe(2);
    a.end(0);
    expect(logs.files.openFiles).toBe(2);
    b.end(0);
    c.end(0);
    expect(logs.files.openFiles).toBe(0);
  });

  test("only so many are open; the others are opened again as they are written", async () => {
    await using logs = new Logs(3);
    const writers = Array.from({ length: 10 }, (_, n) => logs.open(`log${n}`));
    for (let round = 0; round < 3; round++) {
      for (const [n, write] of writers.entries()) write(`${n}${round}\n`);
      expect(logs.files.openFiles).toBe(3);
    }
    const expected = writers.map((_, n) => [`log${n}`, `${n}0\n${n}1\n${n}2\n`]);
    expect(logs.contents).toEqual(Object.fromEntries(expected));
  });

  test("a file moved away is written on until it is reopened, and then anew from its true size", async () => {
    await using logs = new Logs();
    const write = logs.open("log", { maxBytes: 8 });
    write("1\n");
    renameSync(logs.file("log"), logs.file("old"));
    write("2\n");
    logs.files.reopen();
    expect(existsSync(logs.file("log"))).toBe(false);
    logs.write("log", "12345\n");
    write("3\n");
    write("4\n");
    expect(logs.contents).toEqual({ log: "4\n", "log.1": "12345\n3\n", old: "1\n2\n" });
  });

  test("reopening waits for the end of the line under way, to a bound", async () => {
    await using logs = new Logs();
    const write = logs.open();
    write("begin");
    renameSync(logs.file("log"), logs.file("old"));
    logs.files.reopen();
    write(" middle");
    write(" end\nnew\n");
    expect([logs.text("old"), logs.text()]).toEqual(["begin middle end\n", "new\n"]);
    write(".");
    renameSync(logs.file("log"), logs.file("older"));
    logs.files.reopen();
    for (let n = 0; n < 66; n++) write(".".repeat(1000));
    write(".");
    expect([logs.text("older").length, logs.text()]).toEqual(["new\n.".length + 66_000, "."]);
  });

  test("when its bound is reached, a file moved away is left alone", async () => {
    await using logs = new Logs();
    const write = logs.open("log", { maxBytes: 4 });
    write("aaa\n");
    renameSync(logs.file("log"), logs.file("old"));
    logs.write("log", "z\n");
    write("b\n");
    expect(logs.contents).toEqual({ log: "z\nb\n", old: "aaa\n" });
  });
});

describe("LogFiles, problems", () => {
  test("a missing folder is told once, costs nobody anything, and is tried again once a second", async () => {
    await using logs = new Logs();
    const write = logs.open("no/log");
    expect(logs.problems).toEqual(['Cannot write log file "DIR/no/log": its folder does not exist']);
    write("lost 1\n");
    mkdirSync(logs.file("no"));
    logs.now += 999;
    write("lost 2\nlost");
    logs.now += 1;
    write(" 3\nkept\n");
    expect(logs.text("no/log")).toBe("--- gaffer: 21 bytes lost here: its folder does not exist ---\nkept\n");
    expect(logs.problems.slice(1)).toEqual([
      'Log file "DIR/no/log" is written again: 21 bytes were lost (its folder does not exist)',
    ]);
  });

  test("jobs that crash again and again do not tell it again", async () => {
    await using logs = new Logs();
    for (let n = 0; n < 5; n++) {
      const sink = logs.sink("no/log");
      feed(sink, "words");
      sink.end(0);
      logs.now += 2000;
    }
    expect(logs.problems.length).toBe(1);
    mkdirSync(logs.file("no"));
    logs.open("no/log")("kept\n");
    expect(logs.text("no/log")).toBe("--- gaffer: 25 bytes lost here: its folder does not exist ---\nkept\n");
  });

  test("a directory in its place, a file in its folder's place, a name too long", async () => {
    await using logs = new Logs();
    mkdirSync(logs.file("dir"));
    logs.write("file", "");
    for (const name of ["dir", "file/log", "n".repeat(300)]) logs.open(name)("lost\n");
    expect(logs.problems.map((problem) => problem.replace(/n{300}/, "n…"))).toEqual([
      'Cannot write log file "DIR/dir": it is a directory',
      'Cannot write log file "DIR/file/log": its folder is no directory',
      'Cannot write log file "DIR/n…": its name is too long',
    ]);
  });

  test("a problem that comes and goes is told once a minute; the file tells each gap", async () => {
    await using logs = new Logs();
    const write = logs.open("a/log");
    for (let n = 0; n < 4; n++) {
      mkdirSync(logs.file("a"), { recursive: true });
      logs.now += 1000;
      write("kept\n");
      renameSync(logs.file("a"), logs.file(`a${n}`));
      logs.files.reopen();
      write("lost\n");
    }
    expect(logs.problems.map((problem) => problem.replace(/"DIR.*"/, "…"))).toEqual([
      "Cannot write log file …: its folder does not exist",
      "Log file … is written again: nothing was lost (its folder does not exist)",
    ]);
    logs.now += 60_000;
    write("lost\n");
    mkdirSync(logs.file("a"));
    logs.now += 1000;
    write("kept\n");
    expect(logs.problems.at(-1)).toMatch(/written again: 25 bytes were lost/);
    expect(logs.text("a/log")).toBe("--- gaffer: 10 bytes lost here: its folder does not exist ---\nkept\n");
  });

  test("what can't be rotated grows on, and that is told once", async () => {
    await using logs = new Logs();
    mkdirSync(logs.file("log.1"));
    const write = logs.open("log", { maxBytes: 4, backups: 1 });
    write("aaa\nbbb\nccc\n");
    expect(logs.text()).toBe("aaa\nbbb\nccc\n");
    expect(logs.problems).toEqual(['Cannot rotate log file "DIR/log": it is a directory; it grows on']);
    renameSync(logs.file("log.1"), logs.file("x"));
    write("ddd\n");
    logs.now += 60_000;
    write("eee\n");
    expect([logs.text("log.1"), logs.text()]).toEqual(["aaa\nbbb\nccc\nddd\n", "eee\n"]);
  });

  test("a disk that holds up everything else is told, once a minute", async () => {
    await using logs = new Logs();
    const write = logs.open();
    logs.tick = 2500;
    for (let n = 0; n < 5; n++) write("a\n");
    expect(logs.problems).toEqual(['Log file "DIR/log" is slow: one write took 2.5 s, and nothing else was done then']);
    logs.now += 60_000;
    write("b\n");
    expect([logs.problems.length, logs.text()]).toEqual([2, "a\na\na\na\na\nb\n"]);
  });
});
