/** A timer that was asked for; cancelling one that has fired does nothing. */
export interface Timer {
  cancel(): void;
}

/** Time as the manager sees it: the only way it may wait. */
export interface Clock {
  /** Milliseconds on a clock that never jumps; its zero means nothing. For every interval. */
  monotonicMs(): number;
  /** Milliseconds since 1970, which may jump; for display and events only. */
  wallMs(): number;
  /** Calls back once, not before `delayMs` from now, never inside this call. */
  after(delayMs: number, callback: () => void): Timer;
  /** A number in [0, 1) for jitter. */
  random(): number;
}
