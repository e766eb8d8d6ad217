import { Type } from "@sinclair/typebox";
import { permit } from "../../../base/caller.ts";
import { GafferError } from "../../../base/gaffer-error.ts";
import { fullName, parseJobName } from "../../../base/job-name.ts";
import { readQuery } from "../../../server/query.ts";
import type { Route, RouteRequest } from "../../../server/route.ts";
import { fields } from "../../control/arguments.ts";
import type { Control } from "../../control/control.ts";
import { allStats, stats } from "../../control/job-commands.ts";
import { processStats } from "../../control/process-commands.ts";
import { jobStatsResult, usageResult } from "../../control/results.ts";
import type { StatsTarget } from "../../stats-monitor.ts";
import type { FeedPorts } from "../current/feed-routes.ts";
import { EVENT_STREAM, FEED_KINDS, heartbeat, heartbeatMs, jsonFeed } from "../feed-form.ts";
import { pidOf } from "../request-fields.ts";
import { legacyName } from "./legacy-name.ts";
import { StatsFeed, type StatsWatcher } from "./stats-feed.ts";

/** What stats come from. */
export interface StatsPorts extends FeedPorts {
  readonly control: Control;
  readonly watcher: StatsWatcher;
}

const statsQuery = fields({
  feed: Type.Optional(
    Type.Union([Type.Literal("normal"), ...FEED_KINDS.map((kind) => Type.Literal(kind))], {
      description: `it is normal, ${FEED_KINDS.join(", ")}`,
    }),
  ),
  heartbeat,
});

const job = (body: unknown): object => {
  const whole: { readonly name?: unknown } = Object(body);
  return { ...whole, name: legacyName(String(whole.name)) };
};

/** What is asked about, and the answer to it if it is asked once. */
interface Question {
  readonly target: StatsTarget;
  /** Full name of the job; undefined = everything. */
  readonly job: string | undefined;
  readonly once: () => Promise<unknown>;
}

function ofAll({ control }: StatsPorts, { caller }: RouteRequest): Question {
  return {
    target: "all",
    job: undefined,
    once: async () => {
      const { jobs } = (await control.execute(allStats, {}, caller)).body;
      return Array.isArray(jobs) ? jobs.map(job) : [];
    },
  };
}

function ofJob({ control }: StatsPorts, { params, caller }: RouteRequest): Question {
  const asked = fullName(parseJobName(params["name"] ?? ""));
  return {
    target: { job: asked },
    job: asked,
    once: async () => job((await control.execute(stats, { name: asked }, caller)).body),
  };
}

/** A process by its number; below a job's name only if it is one of that job. */
function ofProcess({ manager, control }: StatsPorts, request: RouteRequest): Question {
  const pid = pidOf(request);
  const { name } = manager.getProcess(pid);
  const { name: asked } = request.params;
  permit(request.caller, { permission: "read", target: name, what: `read process ${pid}` });
  if (asked !== undefined && fullName(parseJobName(asked)) !== name) {
    throw new GafferError("process_not_found", `Cannot find process ${pid} of job "${asked}": it has no such process`);
  }
  return {
    target: { pid },
    job: name,
    once: async () => (await control.execute(processStats, { pid }, request.caller)).body["stats"],
  };
}

async function answer(ports: StatsPorts, request: RouteRequest, question: Question): Promise<Response> {
  const { feed = "normal", ...given } = readQuery(request.query, statsQuery);
  const beats = heartbeatMs(given.heartbeat);
  if (feed === "normal") return Response.json(await question.once());
  const what = `watch the stats of ${question.job ?? "all"}`;
  permit(request.caller, { permission: "read", target: question.job, what });
  const source = new StatsFeed(ports.watcher, question.target, feed);
  const form = feed === "eventsource" ? EVENT_STREAM : jsonFeed(feed);
  // Refused here if there is nobody to watch.
  const response = ports.feeds.respond(source, request.caller, { ...form, ...beats });
  request.keepAlive();
  return response;
}

/** Routes of what processes use, once or again and again. @see gaffer 0.4 `gaffer/http/stats.py` */
export function statsRoutes(ports: StatsPorts): readonly Route[] {
  const route = (
    path: string,
    result: NonNullable<Route["doc"]>["answer"],
    ask: (ports: StatsPorts, request: RouteRequest) => Question,
  ): Route => ({
    method: "GET",
    path,
    endless: true,
    doc: {
      summary: "Tell what processes use; with another feed than normal, again and again",
      access: "read of what is named",
      query: statsQuery,
      contentTypes: ["application/json", "application/x-ndjson", "text/event-stream"],
      ...(result === undefined ? {} : { answer: result }),
    },
    handle: (request) => answer(ports, request, ask(ports, request)),
  });
  return [
    route("/stats", Type.Array(jobStatsResult), ofAll),
    route("/stats/:pid#", usageResult, ofProcess),
    route("/stats/:name", jobStatsResult, ofJob),
    route("/stats/:name/:pid#", usageResult, ofProcess),
  ];
}
