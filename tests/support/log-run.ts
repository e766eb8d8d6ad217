import { closeSync, existsSync, readFileSync } from "node:fs";
import { openReactor } from "../../src/host/open-reactor.ts";
import type { Reactor } from "../../src/host/reactor.ts";
import type { OutputLog } from "../../src/manager/process-host.ts";
import { LogFiles, type LogFilesOptions } from "../../src/output/log-files.ts";
import { OutputHub } from "../../src/output/output-hub.ts";
import { pipe } from "./piped-child.ts";

/** Real children whose outputs go through a hub into log files, as in the daemon. */
export class LogRun implements AsyncDisposable {
  readonly hub: OutputHub = new OutputHub();
  readonly reactor: Reactor = openReactor();
  readonly problems: string[] = [];
  readonly files: LogFiles;
  readonly #children: Bun.Subprocess[] = [];

  constructor(options: Omit<LogFilesOptions, "onProblem"> = {}) {
    this.files = new LogFiles({ ...options, onProblem: (message) => this.problems.push(message) });
  }

  /** Starts a command, both outputs in one pipe. @returns what settles when its output has ended */
  run(argv: readonly string[], log: OutputLog, slot = 1): Promise<void> {
    const [readEnd, writeEnd] = pipe();
    this.#children.push(
      Bun.spawn([...argv], { stdio: ["ignore", writeEnd, writeEnd], env: { PATH: "/usr/bin:/bin" } }),
    );
    closeSync(writeEnd);
    const { promise, resolve } = Promise.withResolvers<void>();
    const sink = this.hub.open({ id: slot, job: "default.web", slot }, "stdout", this.files.open(log));
    this.reactor.read(readEnd, sink, resolve);
    return promise;
  }

  /** Calls back after each chunk that was read and written, with how many there were. */
  onChunk(call: (count: number) => void): void {
    let count = 0;
    this.hub.follow(
      () => true,
      () => ({ write: () => call(++count), end: () => undefined }),
    );
  }

  /** Kills what still runs, and closes what was open. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
    await Promise.all(this.#children.map((child) => child.exited));
    await this.reactor[Symbol.asyncDispose]();
    await this.files[Symbol.asyncDispose]();
  }
}

/** A command that says `NAME 0000000 xxx…`, `NAME 0000001 …`, as fast as it can: lines of 60 to 139 bytes. */
export function numberedLines(name: string, count: number): readonly string[] {
  const pad = "x".repeat(80);
  const print = `printf "%s %07d %s\\n", "${name}", n, substr("${pad}", 1, 1 + n % 80)`;
  return ["awk", `BEGIN { for (n = 0; n < ${count}; n++) ${print} }`];
}

/** The files of a log that are there, oldest first, and the log itself last. */
export function rotatedFiles(path: string): string[] {
  const files = [path];
  for (let number = 1; existsSync(`${path}.${number}`); number++) files.unshift(`${path}.${number}`);
  return files;
}

/**
 * How many lines of {@link numberedLines} each name has in some texts, that follow each other.
 *
 * @throws if a line is torn, missing or doubled.
 */
export function countNumbered(texts: readonly string[]): Map<string, number> {
  const next = new Map<string, number>();
  for (const text of texts) {
    if (text !== "" && !text.endsWith("\n")) throw new Error(`a file ends in ${text.slice(-50)}`);
    for (const line of text.split("\n").slice(0, -1)) {
      const [, name = "", number = "", pad = ""] = /^(\w+) (\d{7}) (x+)$/.exec(line) ?? [];
      const expected = next.get(name) ?? 0;
      if (Number(number) !== expected || pad.length !== 1 + (expected % 80))
        throw new Error(`${JSON.stringify(line)} where ${name} ${expected} should be`);
      next.set(name, expected + 1);
    }
  }
  return next;
}

/** {@link countNumbered} of a log and all it was rotated to. */
export function countLogged(path: string): Map<string, number> {
  return countNumbered(rotatedFiles(path).map((file) => readFileSync(file, "latin1")));
}
