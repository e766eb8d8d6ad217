import type { GafferError } from "../../src/base/gaffer-error.ts";
import { LocalHost, type TreeKind } from "../../src/host/local-host.ts";
import { openReactor } from "../../src/host/open-reactor.ts";
import type { Reactor } from "../../src/host/reactor.ts";
import type { ExitStatus } from "../../src/manager/exit-status.ts";
import type { HostProcess, ProcessObserver, SpawnRequest } from "../../src/manager/process-host.ts";
import { ChildView, viewer } from "./child-view.ts";
import { CollectedSink } from "./collected-sink.ts";
import { waitFor } from "./wait-for.ts";

/** The ways a child is started: by Bun's spawn itself, or over the trampoline, which a limit asks for. */
export const ways: readonly (readonly [name: string, part: Partial<SpawnRequest>])[] = [
  ["direct", {}],
  ["trampoline", { rlimits: { core: { soft: 0, hard: 0 } } }],
];

/** One spawn of a test: what its observer was told, and what it wrote. */
export class SpawnedChild implements ProcessObserver {
  /** The observer's calls by name, in order. */
  readonly calls: string[] = [];
  readonly outputs: Map<string, CollectedSink> = new Map<string, CollectedSink>();
  osPid: number | undefined;
  error: GafferError | undefined;
  status: ExitStatus | undefined;
  process: HostProcess | undefined;
  /** Whether `spawned` or `spawnFailed` came inside the call of `spawn`. */
  toldAtOnce = false;

  spawned(osPid: number): void {
    this.osPid = osPid;
    this.calls.push("spawned");
  }

  spawnFailed(error: GafferError): void {
    this.error = error;
    this.calls.push("spawnFailed");
  }

  exited(status: ExitStatus, survivors: boolean): void {
    this.status = status;
    this.calls.push(survivors ? "exited with survivors" : "exited");
  }

  emptied(): void {
    this.calls.push("emptied");
  }

  closed(): void {
    this.calls.push("closed");
  }

  /** What it wrote under a label so far. */
  said(label = "out"): string {
    return this.outputs.get(label)?.text ?? "";
  }

  /** Waits for the last that is told of it. */
  async done(): Promise<this> {
    const isDone = (): boolean =>
      this.error !== undefined || (this.calls.includes("emptied") && this.calls.includes("closed"));
    await waitFor(isDone, () => `the end, after ${this.calls.join(", ")}: ${this.said()}`);
    return this;
  }

  /** Waits until it wrote something. */
  async says(pattern: RegExp, label?: string): Promise<void> {
    await waitFor(
      () => pattern.test(this.said(label)),
      () => `${pattern} in ${this.said(label)} (${this.calls.join(", ")} ${this.error?.message ?? ""})`,
    );
  }
}

/** A host of this machine for one test. */
export class HostRun implements AsyncDisposable {
  readonly reactor: Reactor = openReactor();
  readonly host: LocalHost;
  readonly #children = new Map<number, SpawnedChild>();
  #last = 0;

  /** @param trees - process groups by default: they add nothing to what a child gets. */
  constructor(trees: TreeKind = "group") {
    this.host = new LocalHost({
      reactor: this.reactor,
      trees,
      openOutput: ({ id }, label) => {
        const sink = new CollectedSink();
        this.#children.get(id)?.outputs.set(label, sink);
        return sink;
      },
    });
  }

  /** Starts one process: without input and streams, stdout as `out`, stderr as `err`, PATH as its only variable. */
  spawn(argv: readonly string[], part: Partial<SpawnRequest> = {}): SpawnedChild {
    const child = new SpawnedChild();
    const id = ++this.#last;
    this.#children.set(id, child);
    const request: SpawnRequest = {
      id,
      label: `s.j.${id}`,
      job: "s.j",
      slot: 1,
      argv,
      env: { PATH: "/usr/local/bin:/usr/bin:/bin" },
      cwd: "/",
      rlimits: {},
      outputs: ["out", "err"],
      logs: {},
      input: false,
      streams: [],
      channels: [],
      detach: false,
      ...part,
    };
    child.process = this.host.spawn(request, child);
    child.toldAtOnce = child.calls.length > 0;
    return child;
  }

  /** Starts a shell script and waits for its end. */
  sh(script: string, part: Partial<SpawnRequest> = {}): Promise<SpawnedChild> {
    return this.spawn(["sh", "-c", script], part).done();
  }

  /** What a child was given, as it says itself. */
  async view(part: Partial<SpawnRequest> = {}): Promise<ChildView> {
    const child = await this.spawn(viewer, part).done();
    if (child.error !== undefined) throw child.error;
    return new ChildView(child.said(part.outputs?.[0] ?? "out"));
  }

  /** Kills what still runs, waits for its end, and closes what was open. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children.values()) child.process?.destroy();
    for (const child of this.#children.values()) await child.done();
    await this.host[Symbol.asyncDispose]();
    await this.reactor[Symbol.asyncDispose]();
  }
}
