import { GafferError } from "../base/gaffer-error.ts";
import { fullName, parseJobName } from "../base/job-name.ts";
import type { Channel, ChannelListener } from "./channel.ts";
import type { EventEmitter } from "./event-emitter.ts";
import type { GafferEvent } from "./gaffer-event.ts";
import { parseTopic } from "./topic.ts";

/** The pattern a topic listens to, and the prefix its listeners do not see. */
function patternOf(topic: string): { pattern: string; prefix: string } {
  const { source, target } = parseTopic(topic);
  if (source === "EVENTS") return { pattern: target === "" ? "." : target, prefix: "" };
  if (source === "JOB" && target !== "") {
    const prefix = `job.${fullName(parseJobName(target))}`;
    return { pattern: prefix, prefix: `${prefix}.` };
  }
  if (source === "PROCESS" && /^\d+$/.test(target)) return { pattern: `proc.${target}`, prefix: `proc.${target}.` };
  const known = "EVENTS, EVENTS:<pattern>, JOB:<session.job>, PROCESS:<id>, STATS:<id or job>, STREAM:<id>.<label>";
  throw new GafferError("bad_topic", `Cannot subscribe to ${JSON.stringify(topic)}: known topics are ${known}`);
}

/** Events of one topic, as `Manager.subscribe` gives them. */
export class EventChannel implements Channel<GafferEvent> {
  readonly topic: string;
  readonly #emitter: EventEmitter<GafferEvent>;
  readonly #prefix: string;
  readonly #pattern: string;
  readonly #bound: { readonly name: string | undefined; readonly listener: ChannelListener<GafferEvent> }[] = [];
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

  bind(event: string, listener: ChannelListener<GafferEvent>): void {
    this.#bound.push({ name: event, listener });
  }

  bindAll(listener: ChannelListener<GafferEvent>): void {
    this.#bound.push({ name: undefined, listener });
  }

  unbind(event: string, listener: ChannelListener<GafferEvent>): void {
    this.#release(event, listener);
  }

  unbindAll(listener: ChannelListener<GafferEvent>): void {
    this.#release(undefined, listener);
  }

  #release(name: string | undefined, listener: ChannelListener<GafferEvent>): void {
    const at = this.#bound.findIndex((one) => one.name === name && one.listener === listener);
    if (at !== -1) this.#bound.splice(at, 1);
  }

  #dispatch(topic: string, payload: GafferEvent): void {
    const name = topic.startsWith(this.#prefix) ? topic.slice(this.#prefix.length) : topic;
    const faults: unknown[] = [];
    for (const one of this.#bound.slice()) {
      if (one.name !== undefined && one.name !== name) continue;
      try {
        one.listener(name, payload);
      } catch (error) {
        faults.push(error);
      }
    }
    // Told to the emitter when every other listener has heard the event.
    if (faults.length > 0) throw new AggregateError(faults, `Cannot tell "${name}" to every listener of ${this.topic}`);
  }

  close(): void {
    this.#emitter.unsubscribe(this.#pattern, this.#hear);
  }
}
