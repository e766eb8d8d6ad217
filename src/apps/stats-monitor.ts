import { GafferError } from "../base/gaffer-error.ts";
import { fullName, parseJobName } from "../base/job-name.ts";
import type { Clock, Timer } from "../manager/clock.ts";
import type { ProcessInfo } from "../manager/job-status.ts";
import type { Manager } from "../manager/manager.ts";
import { type ProcessStatsBody, processStatsBody, type TreeUsage } from "../wire/stats-body.ts";

/** Whose use is watched: a process, those of a job (which may come later), or all there are. */
export type StatsTarget = { readonly pid: number } | { readonly job: string } | "all";

/** What a process uses at one moment: the `stat` event of gaffer 0.5. */
export interface StatSample extends ProcessStatsBody {
  readonly event: "stat";
  /** Full name of its job. */
  readonly name: string;
}

/** Who is told. */
export interface StatsListener {
  /** What was found in one look; the samples are the same objects for all who listen. Not called when there is nothing. */
  onSamples(samples: readonly StatSample[]): void;
  /** The process has gone, or the job was unloaded: nothing follows. */
  onEnd(reason: string): void;
}

/** What a {@link StatsMonitor} works with. */
export interface StatsMonitorOptions {
  readonly manager: Manager;
  readonly clock: Clock;
  /** Looks once at what processes use, by os pid; those that have gone are left out. */
  readonly stats: (osPids: readonly number[]) => Promise<ReadonlyMap<number, TreeUsage>>;
  /** Memory of the machine. */
  readonly totalMemoryBytes: number;
  /** Told of what a listener threw. */
  readonly onError: (error: unknown) => void;
}

/** How often everybody who is listened to is looked at, in milliseconds, as gaffer 0.5 did. */
const INTERVAL_MS = 100;

interface Watch {
  readonly target: StatsTarget;
  readonly listener: StatsListener;
}

/** Samples what processes use while somebody listens, all of them in one pass; nobody listening costs nothing. */
export class StatsMonitor {
  readonly #options: StatsMonitorOptions;
  readonly #watches = new Set<Watch>();
  #timer: Timer | undefined;
  #isLooking = false;

  constructor(options: StatsMonitorOptions) {
    this.#options = options;
  }

  /** How many listen. */
  get count(): number {
    return this.#watches.size;
  }

  /**
   * Tells what processes use every 100 ms, from 100 ms on.
   *
   * @returns ends it; may be called again.
   * @throws {@link GafferError} `process_not_found`, `job_not_found`, if there is no such process that runs or no such job.
   */
  watch(target: StatsTarget, listener: StatsListener): () => void {
    const watch = { target: this.#checked(target), listener };
    this.#watches.add(watch);
    this.#schedule(INTERVAL_MS);
    return () => this.#stop(watch);
  }

  #stop(watch: Watch): void {
    this.#watches.delete(watch);
    if (this.#watches.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #checked(target: StatsTarget): StatsTarget {
    const { manager } = this.#options;
    if (target === "all") return target;
    if ("job" in target) return { job: manager.info(fullName(parseJobName(target.job))).name };
    if (manager.getProcess(target.pid).active) return target;
    throw new GafferError("process_not_found", `Cannot watch process ${target.pid}: it does not run`);
  }

  #schedule(delayMs: number): void {
    if (this.#watches.size === 0 || this.#isLooking) return;
    this.#timer ??= this.#options.clock.after(delayMs, () => {
      this.#timer = undefined;
      void this.#look();
    });
  }

  async #look(): Promise<void> {
    const { clock, stats, onError } = this.#options;
    const beganAt = clock.monotonicMs();
    this.#isLooking = true;
    try {
      const before = this.#running();
      const wanted = this.#wanted(before);
      const usages = wanted.length === 0 ? new Map<number, TreeUsage>() : await stats(wanted);
      this.#tell(before, usages);
    } catch (error) {
      onError(error);
    }
    this.#isLooking = false;
    const tookMs = clock.monotonicMs() - beganAt;
    // A look that takes longer than the interval must not fill all the time there is.
    this.#schedule(Math.max(INTERVAL_MS - tookMs, tookMs));
  }

  /** Processes that run, by their numbers. */
  #running(): ReadonlyMap<number, ProcessInfo> {
    const running = this.#options.manager.list().filter(({ active }) => active);
    return new Map(running.map((info) => [info.pid, info]));
  }

  #wanted(running: ReadonlyMap<number, ProcessInfo>): number[] {
    const targets = [...this.#watches].map(({ target }) => target);
    const isWanted = (info: ProcessInfo): boolean => targets.some((target) => covers(target, info));
    return [...running.values()].filter(isWanted).flatMap(({ osPid }) => osPid ?? []);
  }

  /** @param before - who ran when the look began: a number may have gone to another process since. */
  #tell(before: ReadonlyMap<number, ProcessInfo>, usages: ReadonlyMap<number, TreeUsage>): void {
    const { manager, totalMemoryBytes, onError } = this.#options;
    const now = this.#running();
    const samples: StatSample[] = [];
    for (const { pid, name, osPid } of before.values()) {
      const usage = osPid === undefined || !now.has(pid) ? undefined : usages.get(osPid);
      if (usage !== undefined) samples.push({ event: "stat", name, ...processStatsBody(pid, usage, totalMemoryBytes) });
    }
    const jobs = new Set(manager.jobs());
    for (const watch of this.#watches) {
      try {
        this.#tellOne(watch, { samples, now, jobs });
      } catch (error) {
        onError(error);
      }
    }
  }

  #tellOne(watch: Watch, { samples, now, jobs }: Found): void {
    const { target, listener } = watch;
    const own = target === "all" ? samples : samples.filter((sample) => covers(target, sample));
    if (own.length > 0) listener.onSamples(own);
    const isOver = target !== "all" && ("pid" in target ? !now.has(target.pid) : !jobs.has(target.job));
    if (!isOver || !this.#watches.has(watch)) return;
    this.#stop(watch);
    listener.onEnd("pid" in target ? `process ${target.pid} has ended` : `job "${target.job}" was unloaded`);
  }
}

/** What one look found. */
interface Found {
  readonly samples: readonly StatSample[];
  readonly now: ReadonlyMap<number, ProcessInfo>;
  readonly jobs: ReadonlySet<string>;
}

function covers(target: StatsTarget, { pid, name }: { readonly pid: number; readonly name: string }): boolean {
  if (target === "all") return true;
  return "pid" in target ? target.pid === pid : target.job === name;
}
