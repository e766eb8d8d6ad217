import type { ProcessState } from "../manager/process-state.ts";

/** Green is well, yellow is on its way, red needs a look. */
const colours: Readonly<Record<ProcessState, number | undefined>> = {
  running: 32,
  starting: 33,
  stopping: 33,
  backoff: 33,
  exited: undefined,
  stopped: undefined,
  failed: 31,
};

/** Foreground colour of SGR that a state is shown in; undefined = the terminal's own. */
export const stateColour = (state: ProcessState): number | undefined => colours[state];
