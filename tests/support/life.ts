import type { LifeOptions } from "../fixtures/daemon-life.ts";
import type { SlotStatus } from "../../src/manager/job-status.ts";
import { waitFor } from "./wait-for.ts";

/** One line that a life said. */
export interface Said {
  readonly event?: string;
  readonly pid?: number;
  readonly os_pid?: number;
  readonly slot?: number;
  readonly reason?: string;
  readonly exit_code?: number | null;
  readonly exit_status?: number;
  readonly uptime?: number;
  readonly report?: {
    readonly found: number;
    readonly killed: number;
    readonly labels: readonly string[];
    readonly stuck: readonly number[];
    readonly detached: readonly string[];
  };
  readonly warning?: string;
  readonly trouble?: string;
  readonly error?: string;
  readonly refused?: string;
  readonly unclaimed?: readonly string[];
  readonly up?: readonly SlotStatus[];
  readonly size?: number;
  readonly done?: string;
  readonly quit?: number;
}

/** A daemon of the tests (`tests/fixtures/daemon-life.ts`), in a process of its own that can be killed. */
export class Life implements AsyncDisposable {
  readonly said: Said[] = [];
  readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;
  readonly #read: Promise<void>;
  #ended = false;
  /** It was killed, told to quit, or did not begin. */
  #over = false;

  /** @param below - a control group that it is started in. */
  constructor(options: LifeOptions, below?: string) {
    const fixture = `${import.meta.dir}/../fixtures/daemon-life.ts`;
    this.#child = Bun.spawn([process.execPath, fixture], {
      env: { ...process.env, TEST_LIFE: JSON.stringify(options) },
      stdio: ["pipe", "pipe", "inherit"],
      ...(below === undefined ? {} : { cgroup: below }),
    });
    this.#read = this.#readAll();
  }

  get pid(): number {
    return this.#child.pid;
  }

  async #readAll(): Promise<void> {
    let rest = "";
    const decoder = new TextDecoder();
    for await (const chunk of this.#child.stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.said.push(JSON.parse(line));
    }
    this.#ended = true;
    this.#over = true;
  }

  /** The first line that fits, of those from `from` on, once it was said. */
  async says(fits: (said: Said) => boolean, from = 0): Promise<Said> {
    const find = (): Said | undefined => this.said.slice(from).find(fits);
    await waitFor(
      () => find() !== undefined || this.#ended,
      () => `a line, of ${JSON.stringify(this.said).slice(-2000)}`,
    );
    return find() ?? this.#never();
  }

  #never(): never {
    throw new Error(`it ended, having said ${JSON.stringify(this.said).slice(-2000)}`);
  }

  /** Settles when all jobs are loaded. @returns their slots */
  async up(): Promise<readonly SlotStatus[]> {
    return (await this.says(({ up }) => up !== undefined)).up ?? [];
  }

  /** Gives a command, and waits for its end. @returns the slots of all jobs then */
  async command(line: string): Promise<readonly SlotStatus[]> {
    const from = this.said.length;
    this.#over ||= line === "quit";
    await this.#child.stdin.write(`${line}\n`);
    await this.#child.stdin.flush();
    return (await this.says(({ done }) => done === line, from)).up ?? [];
  }

  /** Gives commands one after the other. @returns whether it lived through all of them */
  async does(...lines: readonly string[]): Promise<boolean> {
    for (const line of lines) {
      const from = this.said.length;
      this.#over ||= line === "quit";
      try {
        await this.#child.stdin.write(`${line}\n`);
        await this.#child.stdin.flush();
      } catch {
        // It died while it was given the command; that is seen below.
        await this.end();
      }
      const isDone = (): boolean => this.said.slice(from).some(({ done }) => done === line);
      await waitFor(
        () => this.#ended || isDone(),
        () => `the end of "${line}", of ${JSON.stringify(this.said).slice(-2000)}`,
      );
      if (!isDone()) return false;
    }
    return true;
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    this.#over = true;
    this.#child.kill("SIGKILL");
    await this.end();
  }

  /** Settles with its exit code when it is dead and all it said was read. */
  async end(): Promise<number | null> {
    await this.#child.exited;
    await this.#read;
    return this.#child.exitCode;
  }

  /** Stops it as one should, and its processes with it, unless it is over. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#over) await this.command("quit");
    await this.end();
  }
}
