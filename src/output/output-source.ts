/** One output of one process. */
export interface OutputSource {
  /** gaffer's number of the process. */
  readonly id: number;
  /** Full name of the job, `session.job`. */
  readonly job: string;
  /** 1…N; 0 for a committed process. */
  readonly slot: number;
  /** Label of the stream: `stdout`, `stderr` … */
  readonly stream: string;
  /** It comes from a terminal: lines may be overwritten. */
  readonly terminal: boolean;
}

/** Which outputs are meant. */
export type OutputFilter = (source: OutputSource) => boolean;
