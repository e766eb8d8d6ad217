import type { ByteSink } from "./byte-sink.ts";
import { KeptOutput, type KeptSegment } from "./kept-output.ts";
import { MemoryBudget, OUTPUT_MEMORY_BYTES } from "./memory-budget.ts";
import { OpenOutput, type OutputSink } from "./open-output.ts";
import type { OutputFilter, OutputSource } from "./output-source.ts";
import { KEPT_BYTES } from "./ring-buffer.ts";

/** Most ended committed processes whose output is kept; they have no slot that the next one takes over. */
const KEPT_COMMITS = 256;

/** Settings of an {@link OutputHub}. */
export interface OutputHubOptions {
  /** Memory of all kept output together, in bytes. @defaultValue 32 MiB */
  readonly memoryBytes?: number;
  /** Bytes kept of each slot's stream; 0 = nothing, where there can be no late reader. @defaultValue 64 KiB */
  readonly keptBytes?: number;
  /** Told of a follower that threw; it gets nothing more. @defaultValue the error is thrown in a turn of its own */
  readonly onError?: (error: unknown) => void;
  /** Milliseconds since 1970. @defaultValue `Date.now` */
  readonly now?: () => number;
}

/** What the host knows of a process whose output it opens; a `SpawnRequest` is one. */
export interface OutputOwner extends Pick<OutputSource, "id" | "job" | "slot"> {
  /** Set when it has a terminal in place of pipes. */
  readonly terminal?: object | undefined;
}

/** Makes the sink of each output that is followed; undefined = not this one. */
export type Attach = (source: OutputSource) => OutputSink | undefined;

/** Settings of {@link OutputHub.follow}. */
export interface FollowOptions {
  /** First what is kept, then what comes, with nothing lost or told twice between. @defaultValue `false` */
  readonly replay?: boolean;
}

/** A consumer of output. */
export interface Follower {
  /** No sink of it is called again. */
  close(): void;
}

interface Following extends Follower {
  attach(source: OutputSource): OutputSink | undefined;
}

/** The one way of all output: read once, kept for late readers, shared by everyone who follows. */
export class OutputHub {
  readonly #budget: MemoryBudget;
  readonly #keptBytes: number;
  readonly #now: () => number;
  readonly #onError: (error: unknown) => void;
  readonly #open = new Set<OpenOutput>();
  readonly #kept = new Map<string, KeptOutput>();
  /** Outputs of jobs that are forgotten. */
  readonly #unkept = new WeakSet<OpenOutput>();
  readonly #commits: string[] = [];
  readonly #followings = new Set<Following>();
  #position = 0;

  constructor(options: OutputHubOptions = {}) {
    this.#budget = new MemoryBudget(options.memoryBytes ?? OUTPUT_MEMORY_BYTES);
    this.#keptBytes = options.keptBytes ?? KEPT_BYTES;
    this.#now = options.now ?? Date.now;
    this.#onError = options.onError ?? throwLater;
  }

  /** How many bytes all streams together have said: a place in all that was said. */
  get position(): number {
    return this.#position;
  }

  /** Bytes of memory that kept output takes. */
  get memoryBytes(): number {
    return this.#budget.bytes;
  }

  /**
   * The sink of output `stream` of a process that is about to start.
   *
   * @param log - where its bytes go besides, from the first to the last: its log file.
   */
  open(owner: OutputOwner, stream: string, log?: OutputSink): ByteSink {
    const { id, job, slot } = owner;
    const source: OutputSource = { id, job, slot, stream, terminal: owner.terminal !== undefined };
    const key = keyOf(source);
    const output = new OpenOutput(source, {
      keep: (bytes, timeMs) => {
        const position = this.#position;
        this.#position += bytes.length;
        const isKept = this.#keptBytes > 0 && !this.#unkept.has(output);
        if (isKept) this.#keptOf(key, source).write(bytes, { source, timeMs, position });
        return position;
      },
      onEnd: () => {
        this.#open.delete(output);
        return this.#position;
      },
      onError: this.#onError,
      now: this.#now,
    });
    this.#open.add(output);
    if (log !== undefined) output.attach(log, log);
    for (const following of this.#followings) output.attach(following, following.attach(source));
    return output;
  }

  /**
   * Follows every output that `filter` admits, those opened later too.
   *
   * @param attach - called once for each output; with `replay`, also for ended ones of which something is kept.
   */
  follow(filter: OutputFilter, attach: Attach, options: FollowOptions = {}): Follower {
    const following: Following = {
      attach: (source) => (filter(source) ? attach(source) : undefined),
      close: () => {
        this.#followings.delete(following);
        for (const output of this.#open) output.detach(following);
      },
    };
    const replayed =
      options.replay === true ? this.#replay(following) : new Map<OutputSource, OutputSink | undefined>();
    for (const output of this.#open) {
      const { source } = output;
      output.attach(following, replayed.has(source) ? replayed.get(source) : following.attach(source));
    }
    this.#followings.add(following);
    return following;
  }

  /** Copies of what is kept of the outputs that `filter` admits, each stream oldest first. */
  kept(filter: OutputFilter): KeptSegment[] {
    return [...this.#kept.values()].flatMap((kept) => kept.segments().filter((segment) => filter(segment.source)));
  }

  /** Forgets what is kept of jobs that are no more; of what their last processes still say, nothing is kept. */
  forget(jobs: ReadonlySet<string>): void {
    for (const output of this.#open) if (jobs.has(output.source.job)) this.#unkept.add(output);
    for (const [key, kept] of this.#kept) {
      if (!jobs.has(key.slice(0, key.indexOf("/")))) continue;
      kept.clear();
      this.#kept.delete(key);
    }
  }

  #keptOf(key: string, source: OutputSource): KeptOutput {
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    if (source.slot === 0) this.#makeRoomForCommit(key);
    const kept = new KeptOutput(this.#budget, this.#keptBytes);
    this.#kept.set(key, kept);
    return kept;
  }

  #makeRoomForCommit(key: string): void {
    this.#commits.push(key);
    if (this.#commits.length <= KEPT_COMMITS) return;
    const oldest = this.#commits.shift() ?? key;
    this.#kept.get(oldest)?.clear();
    this.#kept.delete(oldest);
  }

  #replay(following: Following): Map<OutputSource, OutputSink | undefined> {
    const sinks = new Map<OutputSource, OutputSink | undefined>();
    for (const kept of this.#kept.values()) {
      let { lost } = kept;
      for (const { source, bytes, timeMs, position } of kept.segments()) {
        if (!sinks.has(source)) sinks.set(source, following.attach(source));
        const sink = sinks.get(source);
        if (lost > 0) sink?.gap?.(lost, kept.lostPosition);
        lost = 0;
        sink?.write(bytes, timeMs, position);
      }
    }
    const live = new Set([...this.#open].map((output) => output.source));
    for (const [source, sink] of sinks) if (!live.has(source)) sink?.end(this.#position);
    return sinks;
  }
}

/** Processes of one slot share what is kept; a committed process has its own. */
function keyOf({ job, slot, id, stream }: OutputSource): string {
  return `${job}/${slot === 0 ? `#${id}` : slot}/${stream}`;
}

function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
