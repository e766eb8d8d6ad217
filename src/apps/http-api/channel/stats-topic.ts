import { topicEvent } from "../../../wire/channel-reply.ts";
import type { StatSample, StatsMonitor, StatsTarget } from "../../stats-monitor.ts";
import type { TopicAccess, TopicFeed } from "./topic-feed.ts";

/** The JSON of a sample, made once for all who are told of it. */
const made = new WeakMap<StatSample, string>();

function jsonOf(sample: StatSample): string {
  const known = made.get(sample);
  if (known !== undefined) return known;
  const json = JSON.stringify(sample);
  made.set(sample, json);
  return json;
}

interface Latest {
  readonly sample: StatSample;
  /** Samples of this process that the reader was too slow for. */
  readonly missed: number;
}

/** What a {@link StatsTopic} listens to. */
export interface StatsTopicOptions {
  readonly topic: string;
  readonly target: StatsTarget;
  readonly access: TopicAccess;
}

/** What processes use. A slow reader gets the latest sample of each, and how many he missed before it. */
export class StatsTopic implements TopicFeed {
  readonly access: TopicAccess;
  readonly #monitor: StatsMonitor;
  readonly #topic: string;
  readonly #target: StatsTarget;
  readonly #latest = new Map<number, Latest>();
  #end: string | undefined;
  #isEnded = false;
  #stop: (() => void) | undefined;

  constructor(monitor: StatsMonitor, { topic, target, access }: StatsTopicOptions) {
    this.#monitor = monitor;
    this.#topic = topic;
    this.#target = target;
    this.access = access;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  open(wake: () => void): void {
    this.#stop = this.#monitor.watch(this.#target, {
      onSamples: (samples) => {
        for (const sample of samples) this.#take(sample);
        wake();
      },
      onEnd: (reason) => {
        this.#end = reason;
        wake();
      },
    });
  }

  #take(sample: StatSample): void {
    const before = this.#latest.get(sample.pid);
    this.#latest.set(sample.pid, { sample, missed: before === undefined ? 0 : before.missed + 1 });
  }

  next(): string | undefined {
    for (const [pid, { sample, missed }] of this.#latest) {
      this.#latest.delete(pid);
      return topicEvent(this.#topic, missed === 0 ? jsonOf(sample) : JSON.stringify({ ...sample, missed }));
    }
    if (this.#end === undefined || this.#isEnded) return undefined;
    this.#isEnded = true;
    return topicEvent(this.#topic, JSON.stringify({ event: "end", reason: this.#end }));
  }

  close(): void {
    this.#stop?.();
    this.#latest.clear();
  }
}
