import type { LogEntry } from "../../../base/log-record.ts";
import { GafferError } from "../../../base/gaffer-error.ts";
import { isoInstant } from "../../../base/iso-instant.ts";
import { fullName, parseJobName } from "../../../base/job-name.ts";
import { keptRecords, type RecordRange } from "../../../output/log-records.ts";
import type { Route, RouteRequest } from "../../../server/route.ts";
import { encodeLogEntry, logEntryText } from "../../../wire/log-record-codec.ts";
import { encodeSse } from "../../../wire/sse.ts";
import { LogFeed } from "../log-feed.ts";
import { countOf, flagOf, jobOf, refuseUnknownQuery } from "../request-fields.ts";
import type { FeedPorts } from "./feed-routes.ts";

/** A form that entries are sent in. */
interface LogForm {
  readonly contentType: string;
  readonly encode: (entry: LogEntry) => string;
  readonly greeting?: string;
  readonly heartbeat?: string;
}

const TEXT: LogForm = { contentType: "text/plain; charset=utf-8", encode: (entry) => `${logEntryText(entry)}\n` };
const JSON_LINES: LogForm = { contentType: "application/x-ndjson", encode: (entry) => `${encodeLogEntry(entry)}\n` };
/** A comment of the event stream format, which readers skip. */
const HEARTBEAT = ":\n\n";
const EVENTS: LogForm = {
  contentType: "text/event-stream",
  encode: (entry) => encodeSse({ event: "lostBytes" in entry ? "gap" : "log", data: encodeLogEntry(entry) }),
  greeting: HEARTBEAT,
  heartbeat: HEARTBEAT,
};

/** The form a client accepts; text for whoever does not say. */
function formOf({ headers }: Request): LogForm {
  const accept = headers.get("accept") ?? "";
  if (accept.includes("text/event-stream")) return EVENTS;
  return accept.includes("json") ? JSON_LINES : TEXT;
}

/** An instant: milliseconds since 1970, or a date as ISO 8601 has it. */
function sinceOf(query: URLSearchParams): number | undefined {
  const text = query.get("since");
  if (text === null) return undefined;
  const time = /^\d{1,15}$/.test(text) ? Number(text) : isoInstant(text);
  if (time !== undefined) return time;
  throw new GafferError(
    "bad_request",
    `Cannot use since=${text}: it is milliseconds since 1970, or a date such as 2026-11-23T03:06:10Z`,
  );
}

function logs({ output, feeds }: FeedPorts, request: RouteRequest, jobs: ReadonlySet<string>): Response {
  const { query, raw, keepAlive } = request;
  const range: RecordRange = { tail: countOf(query, "tail"), since: sinceOf(query) };
  const { encode, ...form } = formOf(raw);
  const filter = ({ job }: { readonly job: string }): boolean => jobs.size === 0 || jobs.has(job);
  if (!flagOf(query, "follow")) {
    const text = keptRecords(output, filter, range).map(encode).join("");
    return new Response(text, { headers: { "content-type": form.contentType } });
  }
  keepAlive();
  const source = new LogFeed(output, filter, { range, encode });
  return feeds.respond(source, form);
}

/** Routes of what jobs have said. */
export const logRoutes = (ports: FeedPorts): readonly Route[] => {
  const { manager } = ports;
  return [
    {
      method: "GET",
      path: "/jobs/:session/:job/logs",
      endless: true,
      handle: (request) => {
        refuseUnknownQuery(request.query, ["tail", "since", "follow"]);
        return logs(ports, request, new Set([manager.info(jobOf(request)).name]));
      },
    },
    {
      method: "GET",
      path: "/logs",
      endless: true,
      handle: (request) => {
        refuseUnknownQuery(request.query, ["tail", "since", "follow", "job"]);
        const names = request.query.getAll("job").map((name) => manager.info(fullName(parseJobName(name))).name);
        return logs(ports, request, new Set(names));
      },
    },
  ];
};
