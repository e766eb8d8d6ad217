import { parseArgs } from "node:util";
import { describeFailure, playHistories } from "./play.ts";

/**
 * Plays random histories of a manager: `bun tests/simulation/run.ts [--seed N] [--histories N|forever]`.
 * With a seed alone, that one history is played and its steps are printed.
 */
const { values } = parseArgs({
  options: { seed: { type: "string" }, histories: { type: "string" } },
});
const from = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
const wanted = values.histories ?? (values.seed === undefined ? "20000" : "1");
const count = wanted === "forever" ? Infinity : Number(wanted);
if (!Number.isSafeInteger(from) || !(count > 0)) throw new TypeError("--seed and --histories take whole numbers");

const block = 1000;
const began = performance.now();
let played = 0;
for (; played < count && process.exitCode === undefined; played += block) {
  const failure = await playHistories({ from: from + played, count: Math.min(block, count - played) });
  if (failure !== undefined) {
    console.log(describeFailure(failure));
    process.exitCode = 1;
  }
}
if (process.exitCode === undefined)
  console.log(
    `${Math.min(played, count)} histories from seed ${from}: ${((performance.now() - began) / 1000).toFixed(1)} s`,
  );
