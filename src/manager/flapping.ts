/** When a job that keeps exiting is held back. Off unless configured. */
export interface FlappingPolicy {
  /** Uncaused exits within {@link windowMs} that count as flapping. */
  readonly attempts: number;
  /** Length of the look-back window, in milliseconds. */
  readonly windowMs: number;
  /** Pause before the empty slots are tried again, in milliseconds. */
  readonly retryInMs: number;
  /** Pauses in a row before the empty slots are given up. */
  readonly maxRetry: number;
}
