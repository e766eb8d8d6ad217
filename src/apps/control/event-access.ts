import { type Caller, permit } from "../../base/caller.ts";
import { EVENT_KINDS, formerWord } from "../../manager/gaffer-event.ts";
import type { Manager } from "../../manager/manager.ts";

/**
 * Refuses events to whom they are none of their business: those of one job are for who may read it, all others for who may manage
 * everything.
 *
 * @param pattern - a topic or its beginning.
 * @throws {@link GafferError} `forbidden`, `process_not_found` if it names a process that is not there.
 */
export function permitEvents(caller: Caller, pattern: string, manager: Pick<Manager, "getProcess">): void {
  const job = jobOf(pattern, manager);
  const what = `watch ${JSON.stringify(pattern)}`;
  if (job === undefined) permit(caller, { permission: "manage", what });
  else permit(caller, { permission: "read", target: job, what });
}

const isKind = (word: string): boolean => EVENT_KINDS.some((kind) => word === kind || word === formerWord(kind));

/**
 * The job that a pattern speaks of alone: `job.S.N…`, `proc.ID…` or, as gaffer 0.4 had it, `proc.S.N…`. `proc.N.start` is of the jobs of
 * that name in all sessions.
 */
function jobOf(pattern: string, manager: Pick<Manager, "getProcess">): string | undefined {
  const [kind, first = "", second = ""] = pattern.split(".");
  if (kind === "proc" && /^\d{1,15}$/.test(first)) return manager.getProcess(Number(first)).name;
  if (kind === "proc" && isKind(second)) return undefined;
  return (kind === "job" || kind === "proc") && first !== "" && second !== "" ? `${first}.${second}` : undefined;
}
