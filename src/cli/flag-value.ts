import { GafferError } from "../base/gaffer-error.ts";
import type { FlagSpec } from "./flag-spec.ts";

/** Longest time that a timer of the runtime can wait, in whole seconds (2³¹ − 1 ms). */
const longestSeconds = 2_147_483;

/**
 * Reads the value of a flag as its type says.
 *
 * @throws {@link GafferError} `usage` that names flag and value and says what is allowed.
 */
export function readFlagValue({ spec, shown }: { spec: FlagSpec; shown: string }, text: string): string | number {
  const refuse = (allowed: string): GafferError =>
    new GafferError("usage", `Cannot use ${shown} ${JSON.stringify(text)}: ${allowed}`);
  if (spec.type === "port") {
    const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
    if (port < 1 || port > 65_535) throw refuse("a port is a whole number from 1 to 65535");
    return port;
  }
  if (spec.type === "integer") {
    if (!/^\d{1,15}$/.test(text)) throw refuse("it takes a whole number");
    return Number(text);
  }
  if (spec.type === "seconds") {
    const seconds = /^(\d+(\.\d*)?|\.\d+)$/.test(text) ? Number(text) : Infinity;
    if (seconds > longestSeconds) throw refuse(`it takes seconds, such as 5 or 0.5, at most ${longestSeconds}`);
    return seconds;
  }
  if (text === "") throw refuse("an empty value means nothing");
  return text;
}
