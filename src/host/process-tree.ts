/** Everything that one spawned process is and becomes: its leader, its group, and whoever left that. */
export interface ProcessTree {
  /** What the spawn itself must be given. */
  readonly spawn: { readonly cgroup?: string; readonly env: Readonly<Record<string, string>> };
  /** The leader runs. */
  adopt(leader: number): void;
  /** Nothing was spawned after all. */
  discard(): void;
  /**
   * The leader is dead and reaped: whether others of the tree live on. When none does, the tree is done with; when some do,
   * `onEmpty` is called once the last is gone.
   */
  leaderDied(onEmpty: () => void): { readonly survivors: boolean };
  /** Sends a signal to all of the tree, the leader's group first. */
  signal(signal: number): void;
  /** SIGKILLs all of the tree, and goes on until nothing is left. */
  destroy(): void;
}

/** One way to keep hold of trees. */
export interface ProcessTrees extends AsyncDisposable {
  /**
   * @param id - a number no other tree of this instance has.
   * @param token - marks the tree's processes in their environment. @defaultValue one is made where trees need it
   */
  open(id: number, token?: string): ProcessTree;
}

/** Sends a signal. That a process is gone already, or is one we may not signal (set-user-ID), is no error: nothing is left to do. */
export function sendSignal(pid: number, signal: number): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}
