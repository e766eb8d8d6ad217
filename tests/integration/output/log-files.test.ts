import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { LogRun, countLogged, countNumbered, numberedLines, rotatedFiles } from "../../support/log-run.ts";
import { openPipes } from "../../support/open-descriptors.ts";
import { TempDir } from "../../support/temp-dir.ts";
import { waitFor } from "../../support/wait-for.ts";

const names = Array.from({ length: 50 }, (_, n) => `w${n + 1}`);
const everyone = (lines: number): Map<string, number> => new Map(names.map((name) => [name, lines]));
const sorted = (counts: Map<string, number>): [string, number][] =>
  [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1));

let before: string[];

beforeEach(() => {
  before = openPipes();
});

afterEach(() => {
  expect(openPipes()).toEqual(before);
});

describe("log files of real children", () => {
  test("50 writers at full speed into one file, across more than 100 rotations: every line is there, once, whole", async () => {
    using dir = new TempDir();
    await using run = new LogRun();
    const log = { path: dir.file("log"), maxBytes: 50_000, backups: 1000 };
    await Promise.all(names.map((name, n) => run.run(numberedLines(name, 2000), log, n + 1)));
    const files = rotatedFiles(log.path);
    expect(files.length).toBeGreaterThan(100);
    expect(files.filter((file) => statSync(file).size > log.maxBytes)).toEqual([]);
    expect(sorted(countLogged(log.path))).toEqual(sorted(everyone(2000)));
    expect([run.files.openFiles, run.problems]).toEqual([0, []]);
  });

  test("50 writers into 50 files, 10 rotations each", async () => {
    using dir = new TempDir();
    await using run = new LogRun({ openFiles: 20 });
    const log = (name: string) => ({ path: dir.file(name), maxBytes: 8000, backups: 100 });
    await Promise.all(names.map((name, n) => run.run(numberedLines(name, 2000), log(name), n + 1)));
    for (const name of names) {
      expect(rotatedFiles(dir.file(name)).length).toBeGreaterThan(10);
      expect([...countLogged(dir.file(name))]).toEqual([[name, 2000]]);
    }
    expect(run.problems).toEqual([]);
  });

  test("a reader that tails by name and inode sees every line, while files are rotated under it", async () => {
    using dir = new TempDir();
    await using run = new LogRun();
    const log = { path: dir.file("log"), maxBytes: 50_000, backups: 1000 };
    const tail = new Tail(log.path);
    const written = Promise.all(names.slice(0, 4).map((name, n) => run.run(numberedLines(name, 20_000), log, n + 1)));
    let done = false;
    void written.then(() => (done = true));
    await waitFor(
      () => {
        tail.read();
        return done;
      },
      () => "the end of the writers",
    );
    tail.read();
    expect(tail.files).toBeGreaterThan(10);
    expect(sorted(countNumbered([tail.text]))).toEqual(names.slice(0, 4).map((name) => [name, 20_000]));
    tail.close();
  });

  test("files moved away and reopened at full speed: no line is lost or torn", async () => {
    using dir = new TempDir();
    await using run = new LogRun();
    const log = { path: dir.file("log"), maxBytes: 0, backups: 0 };
    let moved = 0;
    run.onChunk((count) => {
      if (count % 10 !== 0 || !existsSync(log.path)) return;
      renameSync(log.path, `${log.path}.old${moved++}`);
      run.files.reopen();
    });
    await Promise.all(names.slice(0, 8).map((name, n) => run.run(numberedLines(name, 30_000), log, n + 1)));
    const files = [...Array.from({ length: moved }, (_, n) => `${log.path}.old${n}`), log.path].filter(existsSync);
    expect(moved).toBeGreaterThan(3);
    const counts = countNumbered(files.map((file) => readFileSync(file, "latin1")));
    expect(sorted(counts)).toEqual(names.slice(0, 8).map((name) => [name, 30_000]));
  });

  test("one line of 10 MB, bytes that are no text, and last words without newline arrive as they were", async () => {
    using dir = new TempDir();
    await using run = new LogRun();
    const bytes = Buffer.concat([
      Buffer.from("first\n"),
      Buffer.alloc(10_000_000, "L"),
      Buffer.from("\n"),
      Buffer.from(Array.from({ length: 100_000 }, (_, n) => (n * 31) % 256)),
      Buffer.from("\nlast words"),
    ]);
    const file = dir.write("bytes", bytes);
    await run.run(["cat", file], { path: dir.file("whole"), maxBytes: 0, backups: 0 });
    await run.run(["cat", file], { path: dir.file("log"), maxBytes: 1000, backups: 10_000 });
    const rotated = rotatedFiles(dir.file("log"));
    expect(readFileSync(dir.file("whole")).equals(bytes)).toBe(true);
    expect(Buffer.concat(rotated.map((path) => readFileSync(path))).equals(bytes)).toBe(true);
    expect(rotated.length).toBeGreaterThan(90);
  });
});

describe("a line that nobody ends", () => {
  test("does not keep others' lines for ever", async () => {
    using dir = new TempDir();
    await using run = new LogRun();
    const log = { path: dir.file("log"), maxBytes: 0, backups: 0 };
    const prompt = run.files.open(log);
    prompt.write(Buffer.from("Password: "), 0, 0);
    await run.run(["sh", "-c", "echo one; echo two; exec sleep 0"], log, 2);
    const held = run.files.open(log);
    held.write(Buffer.from("three\n"), 0, 0);
    const text = () => readFileSync(log.path, "utf8");
    await waitFor(() => text().includes("three"), text);
    prompt.write(Buffer.from("secret\n"), 0, 0);
    expect(text()).toBe("Password: \none\ntwo\nthree\nsecret\n");
    for (const sink of [prompt, held]) sink.end(0);
    expect(run.files.openFiles).toBe(0);
  });
});

describe("log files where nothing can be written", () => {
  test("a full disk: told once, children go on, and when there is room again the file says how much is missing", async () => {
    using dir = new TempDir();
    using disk = new SmallDisk(dir, "1m");
    let now = 0;
    await using run = new LogRun({ now: () => now });
    const log = { path: `${disk.path}/log`, maxBytes: 300_000, backups: 100 };
    // As long as it takes, whatever the disk does.
    await Promise.all(names.map((name, n) => run.run(numberedLines(name, 1000), log, n + 1)));
    expect(run.problems).toEqual([`Cannot write log file "${log.path}": no space left on device`]);
    const full = rotatedFiles(log.path).map((path) => readFileSync(path, "latin1"));
    const texts = full.join("");
    for (const line of texts.split("\n").slice(0, -1)) expect(line).toMatch(/^w\d+ \d{7} x+$/);
    expect(texts.endsWith("\n")).toBe(true);

    rmSync(`${log.path}.1`);
    now += 1000;
    await run.run(numberedLines("after", 10), log, 51);
    const said = names.map((name) => sizeOf(name, 1000)).reduce((sum, size) => sum + size, 0);
    const lost = said - texts.length;
    expect(run.problems.slice(1)).toEqual([
      `Log file "${log.path}" is written again: ${lost} bytes were lost (no space left on device)`,
    ]);
    const [kept, after] = readFileSync(log.path, "latin1").split(
      `--- gaffer: ${lost} bytes lost here: no space left on device ---\n`,
    );
    expect([kept, after?.split("\n").length]).toEqual([full.at(-1), 11]);
  });

  test("a disk that is freed now and then: whole lines only, and every missing byte is counted", async () => {
    using dir = new TempDir();
    using disk = new SmallDisk(dir, "256k");
    let now = 0;
    await using run = new LogRun({ now: () => (now += 100) });
    const log = { path: `${disk.path}/log`, maxBytes: 0, backups: 0 };
    const gap = /^--- gaffer: (\d+) bytes lost here: no space left on device ---$/;
    let [kept, lost, emptied] = [0, 0, 0];
    const count = () => {
      const text = existsSync(log.path) ? readFileSync(log.path, "latin1") : "";
      for (const line of text.split("\n").slice(0, -1)) {
        const bytes = gap.exec(line)?.[1];
        lost += Number(bytes ?? 0);
        if (bytes === undefined) kept += line.length + 1;
        expect(bytes === undefined ? line : "w1 0000000 x").toMatch(/^w\d \d{7} x+$/);
      }
      expect(text === "" || text.endsWith("\n")).toBe(true);
    };
    // A silent one, so that none is ever alone there and writes half a line.
    const silent = run.files.open(log);
    run.onChunk((chunk) => {
      if (chunk % 5 !== 0) return;
      count();
      writeFileSync(log.path, "");
      emptied++;
    });
    await Promise.all(names.slice(0, 4).map((name, n) => run.run(numberedLines(name, 30_000), log, n + 1)));
    count();
    writeFileSync(log.path, "");
    now += 10_000;
    // Whoever comes next tells what the last ones lost.
    await run.run(["echo", "w9 0000000 x"], log, 9);
    silent.end(0);
    count();
    const said = names.slice(0, 4).reduce((sum, name) => sum + sizeOf(name, 30_000), "w9 0000000 x\n".length);
    expect(kept + lost).toBe(said);
    expect([lost > 0, emptied > 3]).toEqual([true, true]);
  });

  test("a read-only file system", async () => {
    using dir = new TempDir();
    using disk = new SmallDisk(dir, "1m");
    disk.remount("ro");
    await using run = new LogRun();
    await run.run(["echo", "lost"], { path: `${disk.path}/log`, maxBytes: 0, backups: 0 });
    expect(run.problems).toEqual([`Cannot write log file "${disk.path}/log": the file system is read-only`]);
  });

  test("a folder that is removed, and made again", async () => {
    using dir = new TempDir();
    let now = 0;
    await using run = new LogRun({ now: () => now });
    const log = { path: dir.file("logs/log"), maxBytes: 20, backups: 3 };
    mkdirSync(dir.file("logs"));
    await run.run(["echo", "0123456789 is kept"], log);
    rmSync(dir.file("logs"), { recursive: true });
    await run.run(["echo", "0123456789 is lost"], log);
    expect(run.problems).toEqual([`Cannot write log file "${log.path}": its folder does not exist`]);
    mkdirSync(dir.file("logs"));
    now += 1000;
    await run.run(["echo", "it is kept"], log);
    expect(readFileSync(log.path, "utf8")).toBe("it is kept\n");
    expect(readFileSync(`${log.path}.1`, "utf8")).toBe(
      "--- gaffer: 19 bytes lost here: its folder does not exist ---\n",
    );
  });

  test("/dev/full stops nobody, and is neither rotated nor removed", async () => {
    await using run = new LogRun();
    await run.run(numberedLines("w1", 1000), { path: "/dev/full", maxBytes: 10, backups: 0 });
    expect(run.problems).toEqual(['Cannot write log file "/dev/full": no space left on device']);
    expect(statSync("/dev/full").isCharacterDevice()).toBe(true);
  });

  test("/dev/null takes everything", async () => {
    await using run = new LogRun();
    await run.run(numberedLines("w1", 10_000), { path: "/dev/null", maxBytes: 10, backups: 0 });
    expect([run.problems, statSync("/dev/null").isCharacterDevice()]).toEqual([[], true]);
  });
});

describe("log files that are our own output", () => {
  const fixture = join(import.meta.dir, "..", "..", "fixtures", "log-to.ts");
  const expected = Array.from({ length: 5000 }, (_, n) => `line ${n}\n`).join("");
  const start = (path: string, stdout: number | "pipe") =>
    Bun.spawn([process.execPath, fixture, path, "5000"], { stdio: ["ignore", stdout, "inherit"] });

  test("/dev/stdout and a link to it, redirected to a file, are appended to and never rotated", async () => {
    using dir = new TempDir();
    symlinkSync("/dev/stdout", dir.file("link"));
    for (const path of ["/dev/stdout", dir.file("link")]) {
      const fd = openSync(dir.file("out"), "w");
      expect(await start(path, fd).exited).toBe(0);
      closeSync(fd);
      expect(readFileSync(dir.file("out"), "utf8")).toBe(expected);
    }
    expect(readdirSync(dir.path).toSorted()).toEqual(["link", "out"]);
    expect(lstatSync("/dev/stdout").isSymbolicLink()).toBe(true);
  });

  test("/dev/stdout as a socket, which can't be opened by name", async () => {
    // What Bun calls a pipe is a socket pair.
    const child = start("/dev/stdout", "pipe");
    if (typeof child.stdout === "number" || child.stdout === undefined) throw new Error("no stdout");
    expect([await new Response(child.stdout).text(), await child.exited]).toEqual([expected, 0]);
  });

  test("/dev/stdout as a pipe whose reader is slow: it has all of it before the program ends", async () => {
    using dir = new TempDir();
    const script = `"$0" "$1" /dev/stdout 5000 | { sleep 0.3; cat > "$2"; }`;
    const child = Bun.spawn(["sh", "-c", script, process.execPath, fixture, dir.file("out")]);
    expect(await child.exited).toBe(0);
    expect(readFileSync(dir.file("out"), "utf8")).toBe(expected);
  });
});

describe("log files that are fifos", () => {
  test("without a reader nothing waits, and what is missing is told to the one who comes", async () => {
    using dir = new TempDir();
    const log = { path: fifo(dir), maxBytes: 10, backups: 3 };
    await using run = new LogRun();
    await run.run(["echo", "lost"], log);
    expect(run.problems).toEqual([`Cannot write log file "${log.path}": nobody reads it`]);
    const reader = Bun.spawn(["cat", log.path], { stdout: "pipe" });
    // It is there once it can be opened for writing without waiting.
    await waitFor(
      () => {
        try {
          closeSync(openSync(log.path, constants.O_WRONLY | constants.O_NONBLOCK));
          return true;
        } catch {
          return false;
        }
      },
      () => "the reader",
    );
    await reader.exited;
    const second = openSync(log.path, constants.O_RDONLY | constants.O_NONBLOCK);
    await run.run(["echo", "kept"], log);
    expect(readFileSync(second, "utf8")).toBe("--- gaffer: 5 bytes lost here: nobody reads it ---\nkept\n");
    closeSync(second);
    expect(run.problems.at(-1)).toBe(`Log file "${log.path}" is written again: 5 bytes were lost (nobody reads it)`);
  });

  test("a reader that lags behind loses nothing up to a bound, and no descriptor stays open after", async () => {
    using dir = new TempDir();
    const log = { path: fifo(dir), maxBytes: 10, backups: 3 };
    await using run = new LogRun();
    const fd = openSync(log.path, constants.O_RDONLY | constants.O_NONBLOCK);
    await run.run(numberedLines("w1", 8000), log);
    const text = await readAll(fd, () => run.files.openFiles === 0);
    expect([...countNumbered([text])]).toEqual([["w1", 8000]]);
    expect(run.problems).toEqual([]);
    closeSync(fd);
  });

  test("a reader that takes nothing stops no child; what it missed is told in the stream", async () => {
    using dir = new TempDir();
    const log = { path: fifo(dir), maxBytes: 10, backups: 3 };
    await using run = new LogRun();
    const fd = openSync(log.path, constants.O_RDONLY | constants.O_NONBLOCK);
    await Promise.all(names.slice(0, 4).map((name, n) => run.run(numberedLines(name, 20_000), log, n + 1)));
    expect(run.problems).toEqual([`Cannot write log file "${log.path}": its reader does not keep up`]);
    const early = await readAll(fd, () => run.files.openFiles === 0);
    await run.run(["echo", "w9 0000000 x"], log, 9);
    const text = early + (await readAll(fd, () => run.files.openFiles === 0));
    closeSync(fd);
    const gaps = [...text.matchAll(/^--- gaffer: (\d+) bytes lost here: its reader does not keep up ---\n/gm)];
    const lost = gaps.reduce((sum, [, bytes]) => sum + Number(bytes), 0);
    const rest = text.replaceAll(/^--- gaffer.*\n/gm, "");
    for (const line of rest.split("\n").slice(0, -1)) expect(line).toMatch(/^w\d \d{7} x+$/);
    const said = names.slice(0, 4).reduce((sum, name) => sum + sizeOf(name, 20_000), "w9 0000000 x\n".length);
    expect([rest.length + lost, lost > 0]).toEqual([said, true]);
  });
});

function fifo(dir: TempDir): string {
  const path = dir.file("fifo");
  Bun.spawnSync(["mkfifo", path]);
  return path;
}

/** Bytes of `numberedLines(name, count)`. */
function sizeOf(name: string, count: number): number {
  let size = 0;
  for (let n = 0; n < count; n++) size += name.length + 11 + (n % 80);
  return size;
}

/** Reads a non-blocking descriptor until nothing is there and `isOver`. */
async function readAll(fd: number, isOver: () => boolean): Promise<string> {
  const buffer = Buffer.alloc(65_536);
  const chunks: Buffer[] = [];
  const take = (): boolean => {
    try {
      const count = readSync(fd, buffer);
      chunks.push(Buffer.from(buffer.subarray(0, count)));
      return count > 0;
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EAGAIN") return false;
      throw error;
    }
  };
  await waitFor(
    () => {
      const wasOver = isOver();
      while (take());
      return wasOver;
    },
    () => `the end after ${chunks.length} chunks`,
  );
  return Buffer.concat(chunks).toString("latin1");
}

/** A memory file system of its own, that is soon full. */
class SmallDisk implements Disposable {
  readonly path: string;

  constructor(dir: TempDir, size: string) {
    this.path = dir.file("disk");
    mkdirSync(this.path);
    this.#run("mount", "-t", "tmpfs", "-o", `size=${size}`, "tmpfs", this.path);
  }

  remount(option: string): void {
    this.#run("mount", "-o", `remount,${option}`, this.path);
  }

  [Symbol.dispose](): void {
    this.#run("umount", "-l", this.path);
  }

  #run(...argv: readonly string[]): void {
    const { success, stderr } = Bun.spawnSync([...argv]);
    if (!success) throw new Error(stderr.toString());
  }
}

/** Reads a log as it grows, from file to file as they are rotated, like `tail -F` that loses nothing. */
class Tail {
  text = "";
  files = 0;
  readonly #path: string;
  readonly #buffer = Buffer.alloc(1_048_576);
  #fd: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  read(): void {
    for (let fd = this.#fd ?? this.#next(); fd !== undefined; fd = this.#next()) {
      this.#fd = fd;
      this.#take(fd);
      if (this.#place() === 0) return;
      // Moved: nothing more comes, but what came between the read and this look.
      this.#take(fd);
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
  }

  #take(fd: number): void {
    for (let count = readSync(fd, this.#buffer); count > 0; count = readSync(fd, this.#buffer))
      this.text += this.#buffer.toString("latin1", 0, count);
  }

  /** How often the file at hand was rotated. */
  #place(): number {
    const inode = this.#fd === undefined ? undefined : fstatSync(this.#fd).ino;
    const files = rotatedFiles(this.#path).toReversed();
    return files.findIndex((file) => existsSync(file) && statSync(file).ino === inode);
  }

  #next(): number | undefined {
    const place = this.#fd === undefined ? rotatedFiles(this.#path).length : this.#place();
    const path = place === 1 ? this.#path : `${this.#path}.${place - 1}`;
    if (!existsSync(path)) return undefined;
    this.close();
    this.files++;
    return openSync(path, "r");
  }
}
