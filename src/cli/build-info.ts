import { version as packageVersion } from "../../package.json";

// The build puts texts in their place; a program that is interpreted has none of them.
declare const GAFFER_VERSION: string | undefined;
declare const GAFFER_COMMIT: string | undefined;
declare const GAFFER_TARGET: string | undefined;

/** What this program is made of. */
export interface BuildInfo {
  readonly version: string;
  /** Short hash of the commit it was built from; `source` when interpreted. */
  readonly commit: string;
  /** Version of Bun inside. */
  readonly bun: string;
  /** Platform, such as `linux-x64`. */
  readonly target: string;
}

/** The {@link BuildInfo} of this program. */
export function buildInfo(): BuildInfo {
  return {
    version: typeof GAFFER_VERSION === "string" ? GAFFER_VERSION : packageVersion,
    commit: typeof GAFFER_COMMIT === "string" ? GAFFER_COMMIT : "source",
    bun: Bun.version,
    target: typeof GAFFER_TARGET === "string" ? GAFFER_TARGET : `${process.platform}-${process.arch}`,
  };
}

/** `gaffer 0.1.0 (commit abc1234, bun 1.4.5, linux-x64)`. */
export function describeBuild({ version, commit, bun, target }: BuildInfo): string {
  return `gaffer ${version} (commit ${commit}, bun ${bun}, ${target})`;
}
