import type { Permission } from "../../../base/caller.ts";

/** What a caller needs to be allowed as long as it listens. */
export interface TopicAccess {
  readonly permission: Permission;
  /** A job; undefined = everything. */
  readonly target: string | undefined;
}

/** What is told on one topic, for one who takes it in his own time. */
export interface TopicFeed {
  readonly access: TopicAccess;
  /**
   * Called once.
   *
   * @param wake - {@link next} may have more; urgently when it should be asked before the call returns.
   * @throws {@link GafferError} if there is nothing to listen to, after all
   */
  open(wake: (isUrgent?: boolean) => void): void;
  /** The next message; undefined = nothing now. */
  next(): string | undefined;
  /** Nothing follows what {@link next} has. */
  readonly isEnded: boolean;
  close(): void;
}
