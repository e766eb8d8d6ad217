import { GafferError } from "../../../base/gaffer-error.ts";
import { fullName, isJobName, parseJobName } from "../../../base/job-name.ts";
import { EVENT_KINDS, type EventKind, formerWord, type GafferEvent } from "../../../manager/gaffer-event.ts";
import { legacyName } from "./legacy-name.ts";

/** What a path below `/watch` asks for. */
export interface WatchPattern {
  /** A topic of ours, or its beginning: what it asks for lies at or below it. */
  readonly pattern: string;
  /** The topic that an event of those matches, as gaffer 0.4 spelt it. */
  readonly topicOf: (event: GafferEvent) => string;
}

const kinds = new Map<string, EventKind>(
  EVENT_KINDS.flatMap((kind) => [
    [kind, kind],
    [formerWord(kind), kind],
  ]),
);

const unknown = (parts: readonly string[]): GafferError =>
  new GafferError(
    "bad_topic",
    `Cannot watch /${parts.join("/")}: the first part is an event, or proc or job with a job or the number of a process ` +
      `and an event; events are ${[...kinds.keys()].join(", ")}`,
  );

/**
 * Reads the parts of a path below `/watch`: none is everything; `start` an event; `proc/N/start` an event of a job or of the process of that
 * number, `proc/N` all of them, `proc` those of every job; a job with its session is one part or two. The event may stand in front, too:
 * `start/N`.
 *
 * @throws {@link GafferError} `bad_topic` if they name no event, or no job.
 * @see gaffer 0.4 `gaffer/http/watcher.py`, which let only the first three through
 */
export function readWatchPattern(parts: readonly string[]): WatchPattern {
  const [first, ...rest] = parts;
  if (first === undefined || first === ".") return { pattern: ".", topicOf: ({ event }) => formerWord(event) };
  const owner = first.toLowerCase();
  if (owner === "proc" || owner === "job") return ofOwner(owner, rest) ?? refuse(parts);
  if (!kinds.has(owner)) return refuse(parts);
  if (rest.length === 0) return { pattern: owner, topicOf: () => owner };
  return ofName("proc", rest.join("."), owner) ?? refuse(parts);
}

function refuse(parts: readonly string[]): never {
  throw unknown(parts);
}

type Owner = "proc" | "job";

function ofOwner(owner: Owner, [name, last]: readonly string[]): WatchPattern | undefined {
  if (name === undefined) {
    const topicOf = (event: GafferEvent): string =>
      owner === "job"
        ? `job.${event.name}.${event.event}`
        : `proc.${legacyName(event.name)}.${formerWord(event.event)}`;
    return { pattern: owner, topicOf };
  }
  const event = last?.toLowerCase();
  if (event === undefined || kinds.has(event)) return ofName(owner, name, event);
  return ofName(owner, `${name}.${last}`, undefined);
}

/** Events of one job or process. @param word - of one kind; absent = all */
function ofName(owner: Owner, name: string, word: string | undefined): WatchPattern | undefined {
  const isNumber = owner === "proc" && /^\d{1,15}$/.test(name);
  if (!isNumber && !isJobName(name)) return undefined;
  const target = isNumber ? `proc.${name}` : `job.${fullName(parseJobName(name))}`;
  const word04 = ({ event }: GafferEvent): string => (owner === "job" ? event : formerWord(event));
  return {
    pattern: word === undefined ? target : `${target}.${word}`,
    topicOf: (event) => `${owner}.${name}.${word ?? word04(event)}`,
  };
}
