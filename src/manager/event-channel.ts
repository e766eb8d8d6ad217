import { GafferError } from "../base/gaffer-error.ts";
import { fullName, parseJobName } from "../base/job-name.ts";
import type { EventEmitter } from "./event-emitter.ts";
import type { GafferEvent } from "./gaffer-event.ts";

/** Called with the event's name inside the channel and the event. */
export type ChannelListener = (event: string, payload: GafferEvent) => void;

/** The pattern a topic listens to, and the prefix its listeners do not see. */
function patternOf(topic: string): { pattern: string; prefix: string } {
  const cut = topic.indexOf(":");
  const source = (cut === -1 ? topic : topic.slice(0, cut)).toUpperCase();
  const target = cut === -1 ? "" : topic.slice(cut + 1);
  if (source === "EVENTS") return { pattern: target === "" ? "." : target, prefix: "" };
  if (source === "JOB" && target !== "") {
    const prefix = `job.${fullName(parseJobName(target))}`;
    return { pattern: prefix, prefix: `${prefix}.` };
  }
  if (source === "PROCESS" && /^\d+$/.test(target)) return { pattern: `proc.${target}`, prefix: `proc.${target}.` };
  const known = "EVENTS, EVENTS:<pattern>, JOB:<session.job>, PROCESS:<id>";
  throw new GafferError("bad_topic", `Cannot subscribe to ${JSON.stringify(topic)}: known topics are ${known}`);
}

/** Events of one topic, as `Manager.subscribe` gives them. */
export class EventChannel {
  readonly topic: string;
  readonly #emitter: EventEmitter<GafferEvent>;
  readonly #prefix: string;
  readonly #pattern: string;
  readonly #bound: { readonly name: string | undefined; readonly listener: ChannelListener }[] = [];
  readonly #hear = (topic: string, payload: GafferEvent): void => this.#dispatch(topic, payload);

  /** @throws {@link GafferError} `bad_topic` */
  constructor(topic: string, emitter: EventEmitter<GafferEvent>) {
    const { pattern, prefix } = patternOf(topic);
    this.topic = topic;
    this.#emitter = emitter;
    this.#pattern = pattern;
    this.#prefix = prefix;
    emitter.subscribe(pattern, this.#hear);
  }

  /** Calls back for one kind of event. */
  bind(event: string, listener: ChannelListener): void {
    this.#bound.push({ name: event, listener });
  }

  /** Calls back for every event of the channel. */
  bindAll(listener: ChannelListener): void {
    this.#bound.push({ name: undefined, listener });
  }

  /** Ends what {@link bind} began. */
  unbind(event: string, listener: ChannelListener): void {
    const at = this.#bound.findIndex((one) => one.name === event && one.listener === listener);
    if (at !== -1) this.#bound.splice(at, 1);
  }

  #dispatch(topic: string, payload: GafferEvent): void {
    const name = topic.startsWith(this.#prefix) ? topic.slice(this.#prefix.length) : topic;
    for (const one of this.#bound.slice()) if (one.name === undefined || one.name === name) one.listener(name, payload);
  }

  /** Ends the channel. */
  close(): void {
    this.#emitter.unsubscribe(this.#pattern, this.#hear);
  }
}
