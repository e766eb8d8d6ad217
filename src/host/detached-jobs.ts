import type { HostProcess, ProcessObserver, SpawnRequest } from "../manager/process-host.ts";
import type { SpawnJournal, SpawnRecord } from "../manager/spawn-journal.ts";
import { AdoptedProcess } from "./adopted-process.ts";
import { DeathWatch } from "./death-watch.ts";
import { DetachedStop } from "./detached-stop.ts";
import { isSame } from "./proc-stat.ts";
import type { ProcessTree } from "./process-tree.ts";
import { Replacement } from "./replacement.ts";

/** What is needed to go on with processes of an earlier life. */
export interface DetachedOptions {
  readonly journal: SpawnJournal;
  /** Those that were left to live on. */
  readonly records: readonly SpawnRecord[];
  /** Takes hold of a tree that lives. */
  adoptTree(record: SpawnRecord): ProcessTree;
  /** Spawns as if there had been nobody. */
  launch(request: SpawnRequest, observer: ProcessObserver): HostProcess;
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

/** A hash of what a process is spawned from; the inherited part of its environment may differ from life to life. */
export function fingerprintOf(request: SpawnRequest): string {
  const { argv, cwd, env, ownEnv = env, uid, gid, rlimits, outputs, logs, label } = request;
  const own = Object.entries(ownEnv).filter(([name]) => name !== "GAFFER_PROCESS_ID");
  const files = outputs.map((output) => logs[output]?.path);
  const parts = [label, argv, cwd, own.toSorted(byName), uid, gid, Object.entries(rlimits).toSorted(byName), files];
  const text = JSON.stringify(parts, (_, value: unknown) => (value === Infinity ? "unlimited" : value));
  return new Bun.CryptoHasher("sha256").update(text).digest("hex").slice(0, 32);
}

/** The detached processes of earlier lives: a job that is what they were spawned for has them again. */
export class DetachedJobs implements Disposable {
  readonly #options: DetachedOptions;
  readonly #unclaimed: Map<string, SpawnRecord>;
  readonly #watch = new DeathWatch();

  constructor(options: DetachedOptions) {
    this.#options = options;
    this.#unclaimed = new Map(options.records.map((record) => [record.label, record]));
  }

  /**
   * The process that lives in the place of a request: it is adopted when it is what is asked for, and otherwise stopped
   * before the request is carried out.
   *
   * @returns undefined when there is none.
   */
  take(request: SpawnRequest, observer: ProcessObserver): HostProcess | undefined {
    const { journal } = this.#options;
    const label = journal.labelOf(request.label);
    const record = this.#unclaimed.get(label);
    if (record === undefined) return undefined;
    this.#unclaimed.delete(label);
    const { osPid: pid = 0, start = 0, folder, fingerprint } = record;
    const leader = { pid, start, folder };
    if (!request.detach || !isSame(leader) || fingerprint !== fingerprintOf(request))
      return this.#replace(record, request, observer);
    journal.adopted(request.id, record);
    const adopted = new AdoptedProcess({
      request,
      observer,
      tree: this.#options.adoptTree(record),
      watch: this.#watch,
      leader,
    });
    adopted.confirm();
    return adopted;
  }

  #replace(record: SpawnRecord, request: SpawnRequest, observer: ProcessObserver): HostProcess {
    const launch = (): HostProcess => this.#options.launch(request, observer);
    return new Replacement({ former: this.#stop(record), request, observer, launch });
  }

  #stop(record: SpawnRecord): DetachedStop {
    const { journal } = this.#options;
    return new DetachedStop(record, {
      tree: this.#options.adoptTree(record),
      watch: this.#watch,
      onGone: () => journal.forget(record),
    });
  }

  /** Stops those that no request has claimed. @returns their labels, once nothing of them is left. */
  async stopUnclaimed(): Promise<string[]> {
    const labels = [...this.#unclaimed.keys()];
    const stops = [...this.#unclaimed.values()].map((record) => this.#stop(record));
    this.#unclaimed.clear();
    await Promise.all(stops.map((stop) => stop.done));
    return labels;
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }
}
