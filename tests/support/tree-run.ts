import { LocalHost, type LocalHostOptions, type TreeKind } from "../../src/host/local-host.ts";
import { openReactor } from "../../src/host/open-reactor.ts";
import type { Reactor } from "../../src/host/reactor.ts";
import type { HostProcess, ProcessObserver, SpawnRequest } from "../../src/manager/process-host.ts";
import { CollectedSink } from "./collected-sink.ts";
import { markedProcesses } from "./marked-processes.ts";
import { waitFor } from "./wait-for.ts";

/** Ways to hold trees that promise to reach every descendant. */
export const wholeTrees = ["cgroup", "subreaper"] as const;

let marks = 0;

/** One process of a {@link TreeRun}: what it said, and what its observer was told, in order. */
export class RunProcess implements ProcessObserver {
  readonly told: string[] = [];
  readonly sink: CollectedSink = new CollectedSink();
  osPid = 0;
  #process: HostProcess | undefined;

  /** Starts it. Apart from the constructor, since the observer is called inside `spawn`. */
  start(host: LocalHost, request: SpawnRequest): this {
    this.#process = host.spawn(request, this);
    return this;
  }

  get process(): HostProcess {
    if (this.#process === undefined) throw new Error("it was not started");
    return this.#process;
  }

  spawned(osPid: number): void {
    this.osPid = osPid;
    this.told.push("spawned");
  }

  spawnFailed(error: Error): void {
    this.told.push(`spawnFailed ${error.message}`);
  }

  exited({ code, signal }: { code: number | null; signal: number | null }, survivors: boolean): void {
    this.told.push(`exited ${code ?? `by ${signal}`}${survivors ? " survivors" : ""}`);
  }

  emptied(): void {
    this.told.push("emptied");
  }

  closed(): void {
    this.told.push("closed");
  }

  /** Settles once the observer was told that, by the first word. */
  async was(event: string): Promise<void> {
    await waitFor(
      () => this.told.some((line) => line.split(" ")[0] === event),
      () => `${event}, told: ${this.told.join(", ")}; output: ${this.sink.text.slice(0, 500)}`,
    );
  }

  /** Settles once its output holds that. */
  async said(text: string): Promise<void> {
    await waitFor(
      () => this.sink.text.includes(text),
      () => `"${text}", told: ${this.told.join(", ")}; output: ${this.sink.text.slice(0, 500)}`,
    );
  }
}

/** A host of its own with real processes, and what survives of them. At its end nothing of it is alive. */
export class TreeRun implements AsyncDisposable {
  /** A number of seconds to sleep that nobody else sleeps: `sleep MARK` is found by it. */
  readonly mark: string = `87${process.pid}.${++marks}`;
  readonly reactor: Reactor = openReactor();
  readonly host: LocalHost;
  readonly #sinks = new Map<number, CollectedSink>();
  readonly #started: RunProcess[] = [];
  #lastId = 0;

  constructor(trees: TreeKind, options: Partial<LocalHostOptions> = {}) {
    const openOutput = ({ id }: SpawnRequest): CollectedSink => this.#sinks.get(id) ?? new CollectedSink();
    this.host = new LocalHost({ reactor: this.reactor, trees, openOutput, ...options });
  }

  /** Starts a program: a script for `sh`, in which `M` is a marked sleep, or a whole argv. */
  spawn(program: string | readonly string[], overrides: Partial<SpawnRequest> = {}): RunProcess {
    const id = ++this.#lastId;
    const argv = typeof program === "string" ? ["sh", "-c", this.script(program)] : program;
    const started = new RunProcess();
    this.#sinks.set(id, started.sink);
    this.#started.push(started);
    const label = `test.job.${id}`;
    const env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin" };
    const given = {
      outputs: ["stdout", "stdout"],
      logs: {},
      input: false,
      streams: [],
      channels: [],
      detach: false,
      rlimits: {},
    };
    return started.start(this.host, {
      id,
      label,
      job: "test.job",
      slot: id,
      cwd: "/",
      env,
      argv,
      ...given,
      ...overrides,
    });
  }

  /** A script with its `M` made marked sleeps. */
  script(text: string): string {
    return text.replaceAll(/\bM\b/g, `sleep ${this.mark}`);
  }

  /** Pids of the marked processes that live. */
  get survivors(): number[] {
    return markedProcesses(this.mark);
  }

  /** Settles once exactly so many marked processes live. */
  async lives(count: number): Promise<void> {
    await waitFor(
      () => this.survivors.length === count,
      () => `${count} processes, there are ${this.survivors.length}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { process: started } of this.#started) {
      started.destroy();
      started.abandonOutput();
    }
    for (const one of this.#started) if (one.told[0] === "spawned") await one.was("closed");
    for (const pid of this.survivors) process.kill(pid, "SIGKILL");
    await this.host[Symbol.asyncDispose]();
    await this.reactor[Symbol.asyncDispose]();
  }
}
