import { expect, test } from "bun:test";
import { nextState, type ProcessInput, type ProcessState } from "../../../src/manager/process-state.ts";

const inputs: readonly ProcessInput[] = [
  "start",
  "spawned",
  "spawn-failed",
  "exited",
  "gone",
  "stop",
  "timeout",
  "hold",
  "retry",
  "give-up",
];

/** Written by hand, not taken from the table: in the order of {@link inputs}, a dash where the input has no meaning. */
const expected: Readonly<Record<ProcessState, string>> = {
  stopped: "starting - - - - - - - - -",
  starting: "- running exited - - stopping - - - -",
  running: "- - - exited - stopping - - - -",
  exited: "starting - - - exited stopping exited backoff starting failed",
  backoff: "starting - - - - stopped - backoff starting failed",
  stopping: "- stopping stopped stopping stopped - stopping - - -",
  failed: "starting - - - - stopped - - - -",
};

const states: readonly ProcessState[] = ["stopped", "starting", "running", "exited", "backoff", "stopping", "failed"];

for (const state of states) {
  test(`nextState() from ${state} is defined for every input`, () => {
    expect(inputs.map((input) => nextState(state, input) ?? "-").join(" ")).toBe(expected[state]);
  });
}
