/** What decides about colour on one stream. */
export interface ColourFacts {
  /** Whether `--no-color` was given. */
  readonly refused: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether the stream is a terminal. */
  readonly terminal: boolean;
}

/**
 * Whether to write colours: no by `--no-color`, by `NO_COLOR` (not empty), yes by `FORCE_COLOR` or `CLICOLOR_FORCE` (not `0`),
 * no by `TERM=dumb`, and else on a terminal only.
 *
 * @see no-color.org, bixense.com/clicolors
 */
export function wantsColour({ refused, env, terminal }: ColourFacts): boolean {
  if (refused || env["NO_COLOR"]) return false;
  const forced = env["FORCE_COLOR"] || env["CLICOLOR_FORCE"];
  if (forced) return forced !== "0" && forced !== "false";
  return terminal && env["TERM"] !== "dumb";
}
