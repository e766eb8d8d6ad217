import { resolve } from "node:path";
import { GafferError } from "../base/gaffer-error.ts";
import { didYouMean } from "../base/nearest.ts";
import { envKind, type EnvEntry, type EnvLookup, parseEnvFile, VARIABLE_NAME_RULE } from "./env-file.ts";
import { isRegularFile } from "./implicit-file.ts";
import { invalidText, type Place, readSource } from "./source-text.ts";

/** Where the environment of an application comes from, lowest first. */
export interface EnvSources {
  /** The file that is read first if present: `.env` beside the Procfile. */
  readonly beside: string;
  /** What `-e` was given, in that order: file names, and `NAME=value` pairs. */
  readonly given: readonly string[];
  /** Absolute folder that file names start from. */
  readonly cwd: string;
  /** The user's own environment: below all of it, and not part of the result. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const pair = /^([A-Za-z_][A-Za-z0-9_.-]*)=(.*)$/s;

/**
 * Reads `.env` beside the Procfile, then every `-e` in turn; what comes later wins. A file that is named twice counts
 * where it is named last; a pair's value is taken as it is.
 *
 * @throws {@link GafferError} `env_invalid` if a file given is missing, one cannot be read or used, or `.env` is a pipe or the
 * like, which only `-e` may name.
 */
export function readEnvSources({ beside, given, cwd, environment }: EnvSources): Map<string, EnvEntry> {
  const merged = new Map<string, EnvEntry>();
  const below: EnvLookup = (name) =>
    merged.get(name)?.value ?? (Object.hasOwn(environment, name) ? environment[name] : undefined);
  const paths = given.map((text) => (pair.test(text) ? undefined : resolve(cwd, text)));
  const first = resolve(cwd, beside);
  if (!paths.includes(first) && isRegularFile(first, envKind, beside)) {
    readFile(first, beside, below)?.forEach((entry, name) => merged.set(name, entry));
  }
  for (const [index, text] of given.entries()) {
    const path = paths[index];
    if (path === undefined) addPair(text, index, merged);
    else if (paths.lastIndexOf(path) === index) {
      const entries = readFile(path, text, below);
      if (!entries) throw missing(text, path);
      entries.forEach((entry, name) => merged.set(name, entry));
    }
  }
  return merged;
}

function addPair(text: string, index: number, merged: Map<string, EnvEntry>): void {
  const [, name = "", value = ""] = pair.exec(text) ?? [];
  merged.set(name, { value, place: { file: "-e", line: index + 1, column: 1 } });
}

function readFile(path: string, name: string, below: EnvLookup): Map<string, EnvEntry> | undefined {
  const source = readSource(path, envKind, name);
  return source && parseEnvFile(source, below);
}

function missing(text: string, path: string): GafferError {
  const equals = text.indexOf("=");
  if (equals !== -1) {
    const fact = `there is no such file, and ${JSON.stringify(text.slice(0, equals))} is no name: ${VARIABLE_NAME_RULE}`;
    return new GafferError("env_invalid", `Cannot use -e ${JSON.stringify(text)}: ${fact}`);
  }
  return new GafferError(
    "env_invalid",
    `Cannot read env file ${JSON.stringify(text)}: ${path} does not exist; give a file, or NAME=value`,
  );
}

/** What the environment says about the jobs themselves. */
export interface EnvSettings {
  /** GAFFER_UID: user every job runs as. */
  readonly uid: string | undefined;
  /** GAFFER_GID: group every job runs as. */
  readonly gid: string | undefined;
  /** GAFFER_REDIRECT_INPUT: jobs whose stdin is a pipe. */
  readonly redirectInput: ReadonlySet<string>;
  /** Everything else: what the jobs are given. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Takes the settings for gaffer out of the environment of an application.
 *
 * @param jobs - names of all its jobs; undefined = not known, so none is refused.
 * @throws {@link GafferError} `env_invalid` if GAFFER_REDIRECT_INPUT names a job that is not among them.
 */
export function takeSettings(entries: ReadonlyMap<string, EnvEntry>, jobs: readonly string[] | undefined): EnvSettings {
  const settings = new Set(["GAFFER_UID", "GAFFER_GID", "GAFFER_REDIRECT_INPUT"]);
  const redirected = entries.get("GAFFER_REDIRECT_INPUT");
  const redirectInput = new Set(redirected?.value.split(/[\s,]+/).filter((name) => name !== ""));
  for (const name of redirectInput) {
    if (redirected && jobs && !jobs.includes(name)) throw unknownRedirect(name, redirected.place, jobs);
  }
  return {
    uid: entries.get("GAFFER_UID")?.value || undefined,
    gid: entries.get("GAFFER_GID")?.value || undefined,
    redirectInput,
    env: Object.fromEntries(
      [...entries].filter(([name]) => !settings.has(name)).map(([name, { value }]) => [name, value]),
    ),
  };
}

function unknownRedirect(name: string, place: Place, jobs: readonly string[]): GafferError {
  const message = `GAFFER_REDIRECT_INPUT names job ${JSON.stringify(name)}, which the Procfile has not${didYouMean(name, jobs)}`;
  return invalidText(envKind, [{ place, message }]);
}
