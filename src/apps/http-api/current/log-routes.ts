import { type Static, type TObject, Type } from "@sinclair/typebox";
import { type Caller, permit } from "../../../base/caller.ts";
import { isLogGap, type LogEntry } from "../../../base/log-record.ts";
import { GafferError } from "../../../base/gaffer-error.ts";
import { isoInstant } from "../../../base/iso-instant.ts";
import { fullName, parseJobName } from "../../../base/job-name.ts";
import { keptRecords, type RecordRange } from "../../../output/log-records.ts";
import { readQuery } from "../../../server/query.ts";
import type { Route, RouteRequest } from "../../../server/route.ts";
import { encodeLogEntry, logEntryText } from "../../../wire/log-record-codec.ts";
import { feedId, type FeedPlace, parseFeedId } from "../../../wire/feed-id.ts";
import { encodeSse } from "../../../wire/sse.ts";
import { LogFeed } from "../log-feed.ts";
import { fields } from "../../control/arguments.ts";
import { jobOf } from "../request-fields.ts";
import type { FeedPorts } from "./feed-routes.ts";

/** A form that entries are sent in. */
interface LogForm {
  readonly contentType: string;
  /** @param id - of its place, for whoever goes on after it */
  readonly encode: (entry: LogEntry, id: string) => string;
  readonly begin?: (id: string) => string;
  readonly greeting?: string;
  readonly heartbeat?: string;
}

const TEXT: LogForm = { contentType: "text/plain; charset=utf-8", encode: (entry) => `${logEntryText(entry)}\n` };
const JSON_LINES: LogForm = { contentType: "application/x-ndjson", encode: (entry) => `${encodeLogEntry(entry)}\n` };
/** A comment of the event stream format, which readers skip. */
const HEARTBEAT = ":\n\n";
const EVENTS: LogForm = {
  contentType: "text/event-stream",
  encode: (entry, id) => encodeSse({ id, event: isLogGap(entry) ? "gap" : "log", data: encodeLogEntry(entry) }),
  begin: (id) => `id: ${id}\n\n`,
  greeting: HEARTBEAT,
  heartbeat: HEARTBEAT,
};

/** The form a client accepts; text for whoever does not say. */
function formOf({ headers }: Request): LogForm {
  const accept = headers.get("accept") ?? "";
  if (accept.includes("text/event-stream")) return EVENTS;
  return accept.includes("json") ? JSON_LINES : TEXT;
}

const logQuery = {
  tail: Type.Optional(Type.Integer({ minimum: 0, description: "it is a whole number" })),
  since: Type.Optional(
    Type.String({ description: "it is milliseconds since 1970, or a date such as 2026-11-23T03:06:10Z" }),
  ),
  follow: Type.Optional(Type.Boolean()),
};
const ofJob = fields(logQuery);
const ofJobs = fields({ ...logQuery, job: Type.Optional(Type.Array(Type.String(), { description: "Names of jobs" })) });

/** An instant: milliseconds since 1970, or a date as ISO 8601 has it. */
function instantOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = /^\d{1,15}$/.test(text) ? Number(text) : isoInstant(text);
  if (time !== undefined) return time;
  throw new GafferError("bad_request", `Cannot use since=${text}: ${logQuery.since.description}`);
}

/** What is asked of logs. */
interface LogQuestion {
  /** None = of all jobs. */
  readonly jobs: ReadonlySet<string>;
  readonly query: Static<typeof ofJob>;
}

/** Where a reader begins: after what it saw last, else where it says. */
function rangeOf(query: LogQuestion["query"], last: FeedPlace | undefined): RecordRange {
  if (last === undefined) return { tail: query.tail, since: instantOf(query.since) };
  return last.isLost ? {} : { after: last.at };
}

function logs(ports: FeedPorts, { raw, keepAlive, caller }: RouteRequest, { jobs, query }: LogQuestion): Response {
  const { output, feeds, epoch } = ports;
  const last = parseFeedId(raw.headers.get("last-event-id"), epoch);
  const range = rangeOf(query, last);
  const { encode, begin, ...form } = formOf(raw);
  const filter = ({ job }: { readonly job: string }): boolean => jobs.size === 0 || jobs.has(job);
  if (query.follow !== true) {
    const kept = keptRecords(output, filter, range);
    const text = kept.map(({ entry, position }) => encode(entry, feedId(epoch, position))).join("");
    return new Response(text, { headers: { "content-type": form.contentType } });
  }
  keepAlive();
  const source = new LogFeed(output, filter, {
    range,
    encode: (entry, position) => encode(entry, feedId(epoch, position)),
    begin: begin && ((position) => begin(feedId(epoch, position))),
    isLost: last?.isLost === true && form.contentType === EVENTS.contentType,
  });
  return feeds.respond(source, caller, form);
}

function permitLogs(caller: Caller, jobs: ReadonlySet<string>): void {
  if (jobs.size === 0) permit(caller, { permission: "read", what: "read all logs" });
  for (const target of jobs) permit(caller, { permission: "read", target, what: `read logs of ${target}` });
}

const doc = (summary: string, query: TObject): Pick<Route, "method" | "endless" | "doc"> => ({
  method: "GET",
  endless: true,
  doc: {
    summary,
    access: "read of what is named",
    query,
    contentTypes: [TEXT.contentType, JSON_LINES.contentType, EVENTS.contentType],
  },
});

/** Routes of what jobs have said. */
export const logRoutes = (ports: FeedPorts): readonly Route[] => {
  const { manager } = ports;
  const known = (name: string): string => manager.info(name).name;
  return [
    {
      ...doc("What a job has said, and with follow says from now on", ofJob),
      path: "/jobs/:session/:job/logs",
      handle: (request) => {
        const query = readQuery(request.query, ofJob);
        const asked = new Set([jobOf(request)]);
        permitLogs(request.caller, asked);
        return logs(ports, request, { jobs: new Set([...asked].map(known)), query });
      },
    },
    {
      ...doc("What jobs have said, and with follow say from now on", ofJobs),
      path: "/logs",
      handle: (request) => {
        const { job = [], ...query } = readQuery(request.query, ofJobs);
        const asked = new Set(job.map((name) => fullName(parseJobName(name))));
        permitLogs(request.caller, asked);
        return logs(ports, request, { jobs: new Set([...asked].map(known)), query });
      },
    },
  ];
};
