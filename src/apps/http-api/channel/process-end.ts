import type { GafferEvent } from "../../../manager/gaffer-event.ts";
import type { Manager } from "../../../manager/manager.ts";

/**
 * Calls back once, when a process has ended: everything it said was told before.
 *
 * @returns ends it.
 */
export function onProcessEnd(manager: Manager, id: number, listener: (reason: string) => void): () => void {
  const stop = manager.events.subscribe(`proc.${id}`, (_topic, event) => {
    if (event.event !== "exit" && event.event !== "spawn_failed") return;
    stop();
    listener(reasonOf(event));
  });
  return stop;
}

const reasonOf = ({ event, reason = "ended" }: GafferEvent): string =>
  event === "exit" ? reason : `it could not be started: ${reason}`;
