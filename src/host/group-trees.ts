import { type ProcessTree, type ProcessTrees, sendSignal } from "./process-tree.ts";
import { TOKEN_VARIABLE } from "./tree-token.ts";

const SIGKILL = 9;
/** How often a group whose leader is dead is looked at, in milliseconds; nothing here tells when it is empty. */
const LOOK_MS = 20;

function groupLives(leader: number): boolean {
  try {
    process.kill(-leader, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Trees held as process groups only, where the machine offers no more: who leaves its group is not found. */
export class GroupTrees implements ProcessTrees {
  readonly #timers = new Set<Timer>();

  open(_id?: number, token?: string): ProcessTree {
    // Forgotten once it is empty: its number may be a stranger's then.
    let group: number | undefined;
    const send = (signal: number): void => {
      if (group !== undefined) sendSignal(-group, signal);
    };
    return {
      spawn: { env: token === undefined ? {} : { [TOKEN_VARIABLE]: token } },
      adopt: (leader) => {
        group = leader;
      },
      discard: () => undefined,
      leaderDied: (onEmpty) => {
        const survivors = group !== undefined && groupLives(group);
        if (group === undefined || !survivors) group = undefined;
        else
          this.#watch(group, () => {
            group = undefined;
            onEmpty();
          });
        return { survivors };
      },
      signal: send,
      destroy: () => send(SIGKILL),
    };
  }

  #watch(group: number, onEmpty: () => void): void {
    const timer = setInterval(() => {
      if (groupLives(group)) return;
      clearInterval(timer);
      this.#timers.delete(timer);
      onEmpty();
    }, LOOK_MS);
    this.#timers.add(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
  }
}

type Timer = ReturnType<typeof setInterval>;
