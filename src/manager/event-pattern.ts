import { GafferError } from "../base/gaffer-error.ts";
import { DEFAULT_SESSION } from "../base/job-name.ts";
import { didYouMean } from "../base/nearest.ts";
import { EVENT_KINDS, FORMER_KINDS } from "./gaffer-event.ts";

const kinds: ReadonlySet<string> = new Set([...EVENT_KINDS, ...FORMER_KINDS]);
const owners: ReadonlySet<string> = new Set(["job", "proc"]);

/**
 * Reads which events are meant: a kind, `job.SESSION.JOB.KIND`, `proc.ID.KIND`, the beginning of one of these, or `.` for everything. Names
 * keep their case.
 *
 * @returns the pattern without a dot at its end; `.` for everything.
 * @throws {@link GafferError} `bad_topic` if no event can ever match it.
 */
export function parseEventPattern(text: string): string {
  if (text === ".") return text;
  const pattern = text.replace(/\.$/, "");
  const refuse = (fact: string): GafferError =>
    new GafferError("bad_topic", `Cannot use event pattern ${JSON.stringify(text.slice(0, 200))}: ${fact}`);
  if (pattern === "") throw refuse("it is empty; . is every event");
  const [first = "", ...rest] = pattern.split(".");
  if ([first, ...rest].some((part) => part === "" || /\s/.test(part)))
    throw refuse("a name in it is empty or has a blank");
  if (owners.has(first)) return pattern;
  if (!kinds.has(first)) {
    const near = didYouMean(first, [...kinds, ...owners]);
    throw refuse(`there is no event ${JSON.stringify(first)}${near || `; events are ${[...kinds].join(", ")}`}`);
  }
  if (rest.length > 0) throw refuse(`nothing follows ${first}; for one job write job.SESSION.JOB.${first}`);
  return pattern;
}

/**
 * The topics that a pattern stands for: itself, and for `job.web.exit` that of the job of the default session, too, whose name is left out
 * wherever jobs are named.
 */
export function topicsMeant(pattern: string): readonly string[] {
  const [owner, job = "", kind = "", ...rest] = pattern.split(".");
  const isShort = owner === "job" && kinds.has(kind) && rest.length === 0;
  return isShort ? [pattern, `job.${DEFAULT_SESSION}.${job}.${kind}`] : [pattern];
}
