import type { Manager } from "../../../manager/manager.ts";
import type { OutputHub } from "../../../output/output-hub.ts";
import { topicEvent } from "../../../wire/channel-reply.ts";
import { textOf } from "../../../wire/io-frame.ts";
import { OutputReader } from "./output-reader.ts";
import { onProcessEnd } from "./process-end.ts";
import type { TopicAccess, TopicFeed } from "./topic-feed.ts";

/** What a {@link StreamTopic} listens to. */
export interface StreamTopicOptions {
  readonly topic: string;
  readonly pid: number;
  readonly stream: string;
  /** Its events are named so: the label of an output, `READ` for a custom stream, as in gaffer 0.5. */
  readonly event: string;
  /** Full name of the job. */
  readonly name: string;
  readonly access: TopicAccess;
}

/** What is read from. */
export interface StreamTopicPorts {
  readonly manager: Manager;
  readonly output: OutputHub;
}

const decoder = new TextDecoder();

/** What one stream of one process says from now on, as text; where it is none, as `base64` besides. */
export class StreamTopic implements TopicFeed {
  readonly #ports: StreamTopicPorts;
  readonly #options: StreamTopicOptions;
  #reader: OutputReader | undefined;
  #stopWaiting: (() => void) | undefined;
  #end: string | undefined;
  #isEnded = false;

  constructor(ports: StreamTopicPorts, options: StreamTopicOptions) {
    this.#ports = ports;
    this.#options = options;
  }

  get access(): TopicAccess {
    return this.#options.access;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  open(wake: (isUrgent?: boolean) => void): void {
    const { manager, output } = this.#ports;
    const { pid, stream } = this.#options;
    this.#reader = new OutputReader(output, { id: pid, stream }, wake);
    this.#stopWaiting = onProcessEnd(manager, pid, (reason) => {
      this.#end = reason;
      wake();
    });
  }

  next(): string | undefined {
    const piece = this.#isEnded ? undefined : this.#reader?.next(true);
    if (piece instanceof Uint8Array) return this.#tell({ event: this.#options.event, ...dataOf(piece) });
    if (piece !== undefined)
      return this.#tell({ event: "gap", missed: piece.missed, reason: "the reader was too slow" });
    if (this.#isEnded || (this.#end === undefined && this.#reader?.isEnded !== true)) return undefined;
    this.#isEnded = true;
    return this.#tell({ event: "end", reason: this.#end ?? "it was closed" });
  }

  #tell(what: Readonly<Record<string, unknown>>): string {
    const { topic, name, pid } = this.#options;
    return topicEvent(topic, JSON.stringify({ ...what, name, pid }));
  }

  close(): void {
    this.#reader?.close();
    this.#stopWaiting?.();
  }
}

function dataOf(bytes: Uint8Array): { readonly data: string; readonly base64?: string } {
  const text = textOf(bytes);
  return text === undefined ? { data: decoder.decode(bytes), base64: bytes.toBase64() } : { data: text };
}
