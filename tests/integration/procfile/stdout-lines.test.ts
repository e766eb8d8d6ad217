import { expect, test } from "bun:test";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { libc, openPipe } from "../../../src/host/libc.ts";
import { StdoutLines, type StdoutLinesOptions } from "../../../src/procfile/stdout-lines.ts";
import { waitFor } from "../../support/wait-for.ts";

/** A pipe that lines are written to, and its reader. */
class Piped implements Disposable {
  readonly lines: StdoutLines;
  readonly calls: string[] = [];
  readonly #readEnd: number;
  readonly #writeEnd: number;
  readonly #buffer = Buffer.alloc(1 << 20);
  #readerOpen = true;

  constructor(options: Partial<StdoutLinesOptions> = {}) {
    const c = libc();
    const ends = c && openPipe(c);
    if (!ends) throw new Error("no pipe");
    this.#readEnd = openSync(`/proc/self/fd/${ends[0]}`, constants.O_RDONLY | constants.O_NONBLOCK);
    this.#writeEnd = openSync(`/proc/self/fd/${ends[1]}`, constants.O_WRONLY | constants.O_NONBLOCK);
    for (const end of ends) closeSync(end);
    this.lines = new StdoutLines({
      fd: this.#writeEnd,
      pause: () => this.calls.push("pause"),
      resume: () => this.calls.push("resume"),
      onClosed: () => this.calls.push("closed"),
      describeLoss: (bytes) => `lost ${bytes}`,
      ...options,
    });
  }

  /** What is in the pipe now. */
  read(): string {
    try {
      return this.#buffer.toString("latin1", 0, readSync(this.#readEnd, this.#buffer));
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EAGAIN") return "";
      throw error;
    }
  }

  closeReader(): void {
    if (this.#readerOpen) closeSync(this.#readEnd);
    this.#readerOpen = false;
  }

  [Symbol.dispose](): void {
    this.closeReader();
    closeSync(this.#writeEnd);
  }
}

/** More than any pipe holds. */
const many = Array.from({ length: 5000 }, (_, n) => `line ${n} `.padEnd(99, "x"))
  .join("\n")
  .concat("\n");

test("StdoutLines holds the children while its reader is slow, and loses nothing", async () => {
  using piped = new Piped();
  piped.lines.write(Buffer.from("first\n"));
  expect(piped.calls).toEqual([]);
  piped.lines.write(Buffer.from(many));
  piped.lines.write(Buffer.from("last\n"));
  expect(piped.calls).toEqual(["pause"]);
  let heard = "";
  await waitFor(
    () => (heard += piped.read()).endsWith("last\n"),
    () => `the last line, after ${heard.length} bytes`,
  );
  expect(heard).toBe(`first\n${many}last\n`);
  await piped.lines.end();
  expect(piped.calls).toEqual(["pause", "resume"]);
});

test("StdoutLines.end() waits for what is unwritten", async () => {
  using piped = new Piped();
  piped.lines.write(Buffer.from(many));
  let ended = false;
  const end = piped.lines.end().then(() => (ended = true));
  let heard = "";
  await waitFor(
    () => (heard += piped.read()) !== "" && ended,
    () => "the end",
  );
  await end;
  expect(heard + piped.read()).toBe(many);
});

test("StdoutLines.end() gives up on a reader that takes nothing", async () => {
  using piped = new Piped();
  piped.lines.write(Buffer.from(many));
  await piped.lines.end();
  expect(many).toStartWith(piped.read());
});

test("StdoutLines stops holding the children for a reader that takes nothing, and tells it what it lost", async () => {
  using piped = new Piped({ stallMs: 0 });
  piped.lines.write(Buffer.from(many));
  await waitFor(
    () => piped.calls.includes("resume"),
    () => "the children to go on",
  );
  piped.lines.write(Buffer.from("dropped\n"));
  piped.lines.write(Buffer.from("dropped too\n"));
  let heard = "";
  await waitFor(
    () => (heard += piped.read()).endsWith("lost 20\n"),
    () => "the word of the loss",
  );
  expect(heard).toBe(`${many}lost 20\n`);
  piped.lines.write(Buffer.from("after\n"));
  expect(piped.read()).toBe("after\n");
  expect(piped.calls).toEqual(["pause", "resume"]);
});

test("StdoutLines says once that its reader has gone, and forgets what comes", async () => {
  using piped = new Piped();
  piped.closeReader();
  piped.lines.write(Buffer.from("a\n"));
  piped.lines.write(Buffer.from("b\n"));
  await piped.lines.end();
  expect(piped.calls).toEqual(["closed"]);
});

test("StdoutLines notices a reader that goes while it is waited for", async () => {
  using piped = new Piped();
  piped.lines.write(Buffer.from(many));
  const end = piped.lines.end();
  piped.closeReader();
  await end;
  expect(piped.calls).toEqual(["pause", "closed", "resume"]);
});

test("StdoutLines carries a line that is longer than all it keeps", async () => {
  using piped = new Piped();
  const line = `${"y".repeat(4_300_000)}\n`;
  piped.lines.write(Buffer.from(line));
  let heard = "";
  await waitFor(
    () => (heard += piped.read()).endsWith("\n"),
    () => `the end of the line, after ${heard.length} bytes`,
  );
  expect(heard === line).toBe(true);
});
