import type { FeedSignals, FeedSource } from "../../../server/feed.ts";
import { encodeSse } from "../../../wire/sse.ts";
import type { StatSample, StatsMonitor, StatsTarget } from "../../stats-monitor.ts";
import type { FeedKind } from "../feed-form.ts";
import { legacyName } from "./legacy-name.ts";

/** Looks at processes again and again, as long as somebody listens. */
export type StatsWatcher = Pick<StatsMonitor, "watch">;

/** What processes use, look after look; a reader that is slow gets the newest of each process, and none that has gone. */
export class StatsFeed implements FeedSource {
  readonly #watcher: StatsWatcher;
  readonly #target: StatsTarget;
  readonly #kind: FeedKind;
  #samples: ReadonlyMap<number, StatSample> = new Map();
  #stop: (() => void) | undefined;
  #isDone = false;

  constructor(watcher: StatsWatcher, target: StatsTarget, kind: FeedKind) {
    this.#watcher = watcher;
    this.#target = target;
    this.#kind = kind;
  }

  open({ wake, end }: FeedSignals): void {
    const onSamples = (samples: readonly StatSample[]): void => {
      if (this.#isDone) return;
      // What was not taken yet is older than this.
      this.#samples = new Map(samples.map((sample) => [sample.pid, sample]));
      this.#isDone = this.#kind === "longpoll";
      wake();
      if (this.#isDone) end();
    };
    this.#stop = this.#watcher.watch(this.#target, { onSamples, onEnd: end });
  }

  next(): string | undefined {
    if (this.#samples.size === 0) return undefined;
    const samples = [...this.#samples.values()].map((sample) => ({ ...sample, name: legacyName(sample.name) }));
    this.#samples = new Map();
    if (this.#kind === "longpoll" && this.#isOne) return `${JSON.stringify(samples[0])}\r\n`;
    if (this.#kind === "longpoll") return `${JSON.stringify(samples)}\r\n`;
    return samples.map((sample) => this.#encode(JSON.stringify(sample))).join("");
  }

  /** Whether it is one process that is watched. */
  get #isOne(): boolean {
    return this.#target !== "all" && "pid" in this.#target;
  }

  #encode(data: string): string {
    return this.#kind === "eventsource" ? encodeSse({ event: "stat", data }) : `${data}\r\n`;
  }

  close(): void {
    this.#stop?.();
  }
}
