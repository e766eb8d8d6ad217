import { type Caller, permit } from "../../../base/caller.ts";
import { GafferError } from "../../../base/gaffer-error.ts";
import { fullName, parseJobName } from "../../../base/job-name.ts";
import type { ProcessInfo } from "../../../manager/job-status.ts";
import type { Manager } from "../../../manager/manager.ts";
import { parseTopic } from "../../../manager/topic.ts";
import type { OutputHub } from "../../../output/output-hub.ts";
import type { StatsMonitor } from "../../stats-monitor.ts";
import { EventTopic } from "./event-topic.ts";
import { StatsTopic } from "./stats-topic.ts";
import { StreamTopic } from "./stream-topic.ts";
import type { TopicAccess, TopicFeed } from "./topic-feed.ts";

/** What topics come from. */
export interface TopicPorts {
  readonly manager: Manager;
  readonly output: OutputHub;
  readonly monitor: StatsMonitor;
}

/** A subscription that is asked for. */
interface Asked {
  readonly topic: string;
  readonly target: string;
  readonly ports: TopicPorts;
  readonly caller: Caller;
}

const NUMBER = /^\d{1,15}$/;

const badTopic = (topic: string, way: string): GafferError =>
  new GafferError("bad_topic", `Cannot subscribe to ${JSON.stringify(topic)}: ${way}`);

const sources: ReadonlyMap<string, (asked: Asked) => TopicFeed> = new Map([
  ["EVENTS", events],
  ["JOB", job],
  ["PROCESS", processTopic],
  ["STATS", stats],
  ["STREAM", stream],
]);

/**
 * What is told on a topic: `EVENTS`, `EVENTS:<pattern>`, `JOB:<session.job>`, `PROCESS:<id>`, `STATS:<id or job>`, `STREAM:<id>[.<label>]`.
 *
 * @throws {@link GafferError} `bad_topic`, `forbidden`, `job_not_found`, `process_not_found`, `stream_not_found`, `job_invalid`.
 */
export function openTopic(topic: string, ports: TopicPorts, caller: Caller): TopicFeed {
  const { source, target } = parseTopic(topic);
  const open = sources.get(source);
  if (open !== undefined) return open({ topic, target, ports, caller });
  throw badTopic(topic, `its source must be one of ${[...sources.keys()].join(", ")}`);
}

/** @throws {@link GafferError} `forbidden` */
function permitted({ topic, caller }: Asked, access: TopicAccess): TopicAccess {
  permit(caller, { ...access, what: `subscribe to ${JSON.stringify(topic)}` });
  return access;
}

const reading = (asked: Asked, target: string): TopicAccess => permitted(asked, { permission: "read", target });

function events(asked: Asked): TopicFeed {
  const { topic, target, ports } = asked;
  const access = permitted(asked, { permission: "manage", target: undefined });
  return new EventTopic(ports.manager, { topic, pattern: target === "" ? "." : target, access });
}

/** Of a job that may be loaded only later, too. */
function job(asked: Asked): TopicFeed {
  const { topic, target, ports } = asked;
  const name = fullName(parseJobName(target));
  return new EventTopic(ports.manager, { topic, pattern: `job.${name}`, access: reading(asked, name) });
}

function processOf(asked: Asked, number: string): ProcessInfo {
  if (!NUMBER.test(number)) throw badTopic(asked.topic, "it must name the number of a process");
  return asked.ports.manager.getProcess(Number(number));
}

function processTopic(asked: Asked): TopicFeed {
  const { topic, target, ports } = asked;
  const { pid, name } = processOf(asked, target);
  return new EventTopic(ports.manager, { topic, pattern: `proc.${pid}`, access: reading(asked, name) });
}

function stats(asked: Asked): TopicFeed {
  const { topic, target, ports } = asked;
  if (target === "") throw badTopic(topic, "it must name a process by its number, or a job");
  if (NUMBER.test(target)) {
    const { pid, name } = processOf(asked, target);
    return new StatsTopic(ports.monitor, { topic, target: { pid }, access: reading(asked, name) });
  }
  const name = fullName(parseJobName(target));
  return new StatsTopic(ports.monitor, { topic, target: { job: name }, access: reading(asked, name) });
}

function stream(asked: Asked): TopicFeed {
  const { topic, target, ports } = asked;
  const [number = "", ...rest] = target.split(".");
  const info = processOf(asked, number);
  const { pid, name, redirectOutput, customStreams } = info;
  const access = reading(asked, name);
  // Labels may hold dots themselves.
  const label = rest.length === 0 ? redirectOutput[0] : rest.join(".");
  const known = [...redirectOutput, ...customStreams];
  if (label === undefined || !known.includes(label)) {
    const which = label === undefined ? "the output" : `stream "${label}"`;
    throw new GafferError(
      "stream_not_found",
      `Cannot read ${which} of process ${pid}: its streams are ${known.join(", ") || "none"}`,
    );
  }
  const event = redirectOutput.includes(label) ? label : "READ";
  return new StreamTopic(ports, { topic, pid, stream: label, event, name, access });
}
