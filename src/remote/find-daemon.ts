import { existsSync, readFileSync } from "node:fs";
import { DEFAULT_PORT, type Endpoint, parseEndpoint } from "../base/endpoint.ts";
import { GafferError } from "../base/gaffer-error.ts";
import type { TlsFlags } from "../base/tls-flags.ts";
import { type RuntimeSurroundings, runtimeSocket } from "../base/runtime-dir.ts";
import { DaemonClient } from "../client/daemon-client.ts";
import { storedNode } from "./stored-keys.ts";
import { chooseClientTls } from "./client-tls-choice.ts";

/** Which daemon is meant, and how it is talked to. */
export interface DaemonChoice extends TlsFlags {
  /** `--endpoint`. */
  readonly endpoint: string | undefined;
  /** `--api-key-file`. */
  readonly "api-key-file": string | undefined;
}

/**
 * The daemon that is meant: the one named, else that of GAFFER_ENDPOINT, else the one at the runtime socket if anybody listens there, else
 * that of the default port.
 *
 * @throws {@link GafferError} `usage` if an address, a key file or a certificate is none.
 */
export async function findDaemon(choice: DaemonChoice, surroundings: RuntimeSurroundings): Promise<DaemonClient> {
  const { env } = surroundings;
  const given = choice.endpoint ?? (env["GAFFER_ENDPOINT"] || undefined);
  const endpoint =
    given === undefined
      ? await localEndpoint(surroundings)
      : parseEndpoint(given, choice.endpoint === undefined ? "GAFFER_ENDPOINT" : "--endpoint");
  const stored = storedNode(endpoint, env);
  return new DaemonClient({
    endpoint,
    tls: chooseClientTls(choice, endpoint) ?? chooseClientTls(stored.tls, endpoint),
    apiKey: readKey(choice["api-key-file"]) ?? (env["GAFFER_API_KEY"] || undefined) ?? stored.key,
  });
}

async function localEndpoint(surroundings: RuntimeSurroundings): Promise<Endpoint> {
  const path = runtimeSocket(surroundings);
  if (existsSync(path) && (await answers(path))) return { kind: "unix", path };
  return { kind: "tcp", host: "127.0.0.1", port: DEFAULT_PORT };
}

async function answers(path: string): Promise<boolean> {
  try {
    const socket = await Bun.connect({ unix: path, socket: { data: () => undefined } });
    socket.end();
    return true;
  } catch {
    return false;
  }
}

function readKey(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8").trim();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new GafferError("usage", `Cannot read --api-key-file ${JSON.stringify(file)}: ${code}`, { cause: error });
  }
}
