import type { GafferEvent } from "../../manager/gaffer-event.ts";
import type { Manager } from "../../manager/manager.ts";
import type { Report } from "../../manager/operation.ts";

/** What a committed process came to. @returns undefined while that is not known */
function reportOf(event: GafferEvent, pid: number): Report | undefined {
  if (event.pid !== pid) return undefined;
  if (event.event === "spawn") return { running: 1, wanted: 1, killed: [], problems: [] };
  if (event.event !== "spawn_failed") return undefined;
  const problems = [{ label: `${event.name}.0`, reason: String(event.reason) }];
  return { running: 0, wanted: 1, killed: [], problems };
}

/**
 * Resolves when a committed process runs, or is known not to.
 *
 * @param since - number of the last event before the commit: it may be known already.
 */
export function commitReport(manager: Manager, pid: number, since: number): Promise<Report> {
  const { promise, resolve } = Promise.withResolvers<Report>();
  const known = manager.eventsSince(since).events.flatMap((event) => reportOf(event, pid) ?? [])[0];
  if (known !== undefined) return Promise.resolve(known);
  const stop = manager.events.subscribe(`proc.${pid}`, (_topic, event) => {
    const report = reportOf(event, pid);
    if (report === undefined) return;
    stop();
    resolve(report);
  });
  return promise;
}
