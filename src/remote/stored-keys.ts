import { existsSync, mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type Endpoint, formatEndpoint, originOf } from "../base/endpoint.ts";
import { GafferError } from "../base/gaffer-error.ts";
import type { TlsFlags } from "../base/tls-flags.ts";

type Env = Readonly<Record<string, string | undefined>>;

/** The user's own configuration, where `gaffer login` keeps keys. @see gaffer 0.5 `GAFFER_CONFIG` */
const pathOf = (env: Env): string => env["GAFFER_CONFIG"] || join(env["HOME"] || homedir(), ".gaffer", "gaffer.ini");

/** The section of a daemon in it. */
const titleOf = (endpoint: Endpoint): string =>
  `[node "${endpoint.kind === "unix" ? formatEndpoint(endpoint) : originOf(endpoint)}"]`;

/** What is kept of a daemon. */
export interface StoredNode {
  /** The key of an earlier login. */
  readonly key: string | undefined;
  /** Certificates that its owner wrote there, by absolute path. */
  readonly tls: TlsFlags;
}

/** What is kept of a daemon. @throws {@link GafferError} `usage` if the file can't be read */
export function storedNode(endpoint: Endpoint, env: Env): StoredNode {
  const file = pathOf(env);
  const lines = readLines(file);
  const [from, to] = sectionOf(lines, titleOf(endpoint));
  const section = lines.slice(from, to);
  const path = (name: string): string | undefined => {
    const value = section.flatMap((line) => valueIn(name, line) ?? [])[0];
    return value === undefined ? undefined : resolve(dirname(file), value);
  };
  const key = section.flatMap((line) => keyIn(line) ?? [])[0];
  return { key, tls: { cacert: path("cacert"), certfile: path("certfile"), keyfile: path("keyfile") } };
}

/**
 * Keeps the key of a login; the file is for its owner alone.
 *
 * @returns the file.
 * @throws {@link GafferError} `usage` if it can't be written
 */
export function storeKey(endpoint: Endpoint, key: string, env: Env): string {
  const path = pathOf(env);
  const [lines, title] = [readLines(path), titleOf(endpoint)];
  const [from, to] = sectionOf(lines, title);
  const line = `key = ${key}`;
  const section = lines.slice(from, to);
  const known = section.findIndex((one) => keyIn(one) !== undefined);
  const next =
    from === 0
      ? [...lines, ...(lines.length === 0 ? [] : [""]), title, line]
      : [
          ...lines.slice(0, from),
          ...(known === -1 ? [line, ...section] : section.with(known, line)),
          ...lines.slice(to),
        ];
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    // A link stays one. Beside it, then in its place: a crash loses no other key.
    const real = existsSync(path) ? realpathSync(path) : path;
    const fresh = `${real}.${process.pid}`;
    writeFileSync(fresh, `${next.join("\n")}\n`, { mode: 0o600, flag: "wx" });
    renameSync(fresh, real);
  } catch (error) {
    throw unusable("write", path, error);
  }
  return path;
}

function readLines(path: string): string[] {
  try {
    const text = readFileSync(path, "utf8").trimEnd();
    return text === "" ? [] : text.split(/\r?\n/);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw unusable("read", path, error);
  }
}

/** The lines of a section: first and one past the last; from 0 = it is not there. */
function sectionOf(lines: readonly string[], title: string): readonly [from: number, to: number] {
  const from = lines.findIndex((line) => line.trim() === title) + 1;
  if (from === 0) return [0, 0];
  const next = lines.findIndex((line, at) => at >= from && line.trimStart().startsWith("["));
  return [from, next === -1 ? lines.length : next];
}

const valueIn = (name: string, line: string): string | undefined =>
  new RegExp(`^\\s*${name}\\s*[=:]\\s*(\\S.*?)\\s*$`).exec(line)?.[1];
const keyIn = (line: string): string | undefined => /^\s*key\s*[=:]\s*(\S+)\s*$/.exec(line)?.[1];

function unusable(action: string, path: string, error: unknown): GafferError {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  return new GafferError("usage", `Cannot ${action} ${JSON.stringify(path)}: ${code}`, { cause: error });
}
