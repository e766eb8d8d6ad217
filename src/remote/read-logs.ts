import type { LogEntry } from "../base/log-record.ts";
import type { DaemonClient } from "../client/daemon-client.ts";
import { followEvents } from "../client/event-follower.ts";
import { decodeLogEntry } from "../wire/log-record-codec.ts";

/** Which lines are read. */
export interface LogRange {
  /** Full names; none = all jobs. */
  readonly jobs: readonly string[];
  /** The last so many. */
  readonly tail?: number | undefined;
  /** From this instant on, in milliseconds since 1970. */
  readonly since?: number | undefined;
}

/** How lines are followed. */
interface FollowLogsOptions extends LogRange {
  readonly signal: AbortSignal;
  readonly onEntry: (entry: LogEntry) => void;
  readonly onConnection: (isConnected: boolean) => void;
}

/** The lines that a daemon has kept, in order of time. @throws {@link GafferError} `job_not_found` */
async function readLogs(client: DaemonClient, { jobs, tail, since }: LogRange): Promise<LogEntry[]> {
  const headers = { accept: "application/x-ndjson" };
  const response = await client.send("/logs", { query: { job: jobs, tail, since }, headers });
  return (await response.text()).split("\n").flatMap((line) => decodeLogEntry(line) ?? []);
}

/** Reads the lines that are kept, then those that come, over losses of the connection. */
async function followLogs(client: DaemonClient, options: FollowLogsOptions): Promise<void> {
  const { jobs, onEntry, signal, onConnection } = options;
  await followEvents(client, {
    path: "/logs",
    signal,
    onConnection,
    // After a loss it goes on by the id of the last line that was heard.
    query: () => ({ job: jobs, follow: true, tail: options.tail, since: options.since }),
    onEvent: ({ data }) => {
      const entry = decodeLogEntry(data);
      if (entry !== undefined) onEntry(entry);
    },
  });
}

/** Where lines are shown. */
export interface LogOutput {
  readonly show: (entry: LogEntry) => void;
  /** Takes what there is to say besides, with its newline. */
  readonly say: (text: string) => void;
  /** Runs what goes on until the user ends it. */
  readonly run: (work: (signal: AbortSignal) => Promise<void>) => Promise<void>;
}

/** Shows the lines that are kept, and with `follow` those that come. */
export async function showLogs(
  client: DaemonClient,
  range: LogRange & { readonly follow: boolean },
  { show, say, run }: LogOutput,
): Promise<void> {
  if (!range.follow) {
    for (const entry of await readLogs(client, range)) show(entry);
    return;
  }
  const onConnection = (isConnected: boolean): void =>
    say(isConnected ? "gaffer: connected again\n" : "gaffer: the connection was lost, trying again\n");
  await run((signal) => followLogs(client, { ...range, signal, onEntry: show, onConnection }));
}
