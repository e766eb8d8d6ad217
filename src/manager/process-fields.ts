import { describeExit, type ExitStatus } from "./exit-status.ts";
import type { EventFields } from "./gaffer-event.ts";
import type { ManagedProcess } from "./managed-process.ts";

/** What every event of a process tells: its numbers and its place. */
export function processFields({ id, osPid, request }: ManagedProcess): EventFields {
  return osPid === undefined ? { pid: id, slot: request.slot } : { pid: id, os_pid: osPid, slot: request.slot };
}

/** What a spawn event tells: gaffer 0.4 sent `detached`, its documents promise `detach`. */
export function spawnedFields(process: ManagedProcess): EventFields {
  const { detach } = process.request;
  return { ...processFields(process), detached: detach, detach };
}

/** Of an end that nobody can know, only that: a 0 would be a lie. */
function endFields({ code, signal, unknown = false }: ExitStatus): EventFields {
  return unknown ? { exit_code: null } : { exit_status: code ?? 0, exit_code: code, term_signal: signal ?? 0 };
}

/** What an exit event tells of a process that is gone. */
export function exitFields(process: ManagedProcess): EventFields {
  const status: ExitStatus = process.status ?? { code: 0, signal: null };
  return {
    ...processFields(process),
    ...endFields(status),
    once: process.once,
    uptime: Math.round(process.livedMs) / 1000,
    reason: process.reason === "" ? describeExit(status) : process.reason,
  };
}
