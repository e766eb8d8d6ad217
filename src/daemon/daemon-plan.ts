import { resolve } from "node:path";
import { refuseOpenDoor } from "../access/gate.ts";
import type { ApiEndpoint } from "../apps/http-api/http-api.ts";
import { DEFAULT_PORT, type Endpoint, formatEndpoint, parseEndpoint } from "../base/endpoint.ts";
import { GafferError } from "../base/gaffer-error.ts";
import type { LogLevel } from "../base/log.ts";
import { runtimeSocket } from "../base/runtime-dir.ts";
import { didYouMean } from "../base/nearest.ts";
import { tlsWarnings } from "../base/tls-files.ts";
import { readTlsFlags, type TlsFlags } from "../base/tls-flags.ts";
import type { DaemonConfig, EndpointConfig, KeyringConfig, TlsConfig } from "../config/daemon-config.ts";
import { findGroup } from "../host/identity.ts";
import { withTls } from "./tls-plan.ts";
import { type PluginDirs, pluginDirs } from "./plugin-dirs.ts";

/** What the command line says; what it leaves out, the configuration does. */
export interface DaemonChoice extends TlsFlags {
  readonly config: string | undefined;
  readonly bind: readonly string[];
  readonly "state-dir": string | undefined;
  readonly daemon: boolean;
  readonly pidfile: string | undefined;
  readonly verbose: number;
  readonly "log-level": string | undefined;
  readonly "error-log": string | undefined;
  readonly "require-key": boolean;
  readonly "plugin-dir"?: readonly string[];
  /** The same by the name of 0.4. */
  readonly "plugins-dir"?: readonly string[];
}

/** What of the surroundings a plan depends on. */
export interface DaemonSurroundings {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
}

/** Everything that a daemon is going to do, checked. */
export interface DaemonPlan {
  readonly endpoints: readonly ApiEndpoint[];
  readonly pidfile: string | undefined;
  readonly errorLog: string | undefined;
  readonly logLevel: LogLevel;
  readonly stateDir: string | undefined;
  /** Where keys and users are kept; undefined = no endpoint asks for a key. */
  readonly keyring: KeyringConfig | undefined;
  readonly plugins: PluginDirs;
  /** 1 = events on stdout, 2 = output, too. */
  readonly verbose: number;
  /** What the user should know before it begins. */
  readonly warnings: readonly string[];
}

/** A daemon, running or not. */
export interface DaemonTarget {
  readonly plan: DaemonPlan;
  readonly config: DaemonConfig;
  readonly at: DaemonSurroundings;
}

const levels: readonly LogLevel[] = ["critical", "error", "warning", "info", "debug"];
const isLevel = (text: string): text is LogLevel => levels.some((level) => level === text);

function readLevel(text: string): LogLevel {
  if (isLevel(text)) return text;
  throw new GafferError(
    "usage",
    `Cannot use --log-level ${JSON.stringify(text)}: it is ${levels.join(", ")}${didYouMean(text, levels)}`,
  );
}

/**
 * Decides what `gaffer daemon` does: the command line goes before the configuration, and that before the defaults.
 *
 * @throws {@link GafferError} `usage` if an address or a level is none, or an endpoint would be open to everybody.
 */
export function planDaemon(config: DaemonConfig, choice: DaemonChoice, at: DaemonSurroundings): DaemonPlan {
  const endpoints = endpointsOf(config, choice, at);
  for (const { endpoint, rules } of endpoints) refuseOpenDoor(endpoint, rules, formatEndpoint(endpoint));
  const path = (name: string | undefined): string | undefined => name && resolve(at.cwd, name);
  const open = endpoints.filter(
    ({ endpoint, rules }) => rules.insecure && !rules.requireKey && endpoint.kind === "tcp",
  );
  return {
    endpoints,
    pidfile: path(choice.pidfile) ?? config.pidfile,
    errorLog: path(choice["error-log"]) ?? config.errorLog,
    logLevel: choice["log-level"] === undefined ? config.logLevel : readLevel(choice["log-level"]),
    stateDir: path(choice["state-dir"]) ?? config.stateDir,
    keyring: endpoints.some(({ rules }) => rules.requireKey) ? config.keyring : undefined,
    plugins: pluginDirs([...(choice["plugin-dir"] ?? []), ...(choice["plugins-dir"] ?? [])], config, at),
    verbose: choice.verbose,
    warnings: [
      ...open.map(
        ({ endpoint }) =>
          `insecure is set: everybody who can connect to ${formatEndpoint(endpoint)} controls this daemon`,
      ),
      ...new Set(endpoints.flatMap(({ tls }) => (tls === undefined ? [] : tlsWarnings(tls, Date.now())))),
    ],
  };
}

/**
 * Whether two plans listen at the same addresses and let in the same people: what a running daemon does not change, certificates aside.
 */
export const hasSameDoors = (one: DaemonPlan, other: DaemonPlan): boolean => doorsOf(one) === doorsOf(other);

const doorsOf = ({ endpoints, keyring }: DaemonPlan): string =>
  JSON.stringify([
    endpoints.map(({ endpoint, rules, socketMode, socketGid }) => [endpoint, rules, socketMode, socketGid]),
    keyring,
  ]);

/** The endpoints; with `--require-key` each of them asks for one. */
function endpointsOf(config: DaemonConfig, choice: DaemonChoice, at: DaemonSurroundings): ApiEndpoint[] {
  const endpoints = addressesOf(config, choice, at);
  if (!choice["require-key"]) return endpoints;
  return endpoints.map((one) => ({ ...one, rules: { ...one.rules, requireKey: true } }));
}

function addressesOf(config: DaemonConfig, choice: DaemonChoice, at: DaemonSurroundings): ApiEndpoint[] {
  const rules = config.defaultAccess;
  const tls: TlsConfig = { ...config.tls, ...readTlsFlags(choice, at.cwd) };
  if (choice.bind.length > 0) {
    return choice.bind.map((text) =>
      withTls({ endpoint: absolute(parseEndpoint(text, "--bind"), at.cwd), rules }, tls),
    );
  }
  if (config.endpoints.length > 0) return config.endpoints.flatMap((endpoint) => ofConfig(endpoint, tls));
  return [
    withTls({ endpoint: { kind: "tcp", host: "127.0.0.1", port: DEFAULT_PORT }, rules }, tls),
    { endpoint: { kind: "unix", path: runtimeSocket(at) }, rules },
  ];
}

const absolute = (endpoint: Endpoint, cwd: string): Endpoint =>
  endpoint.kind === "unix" ? { kind: "unix", path: resolve(cwd, endpoint.path) } : endpoint;

function ofConfig(
  { bind, socketMode, socketGroup, tls, ...rules }: EndpointConfig,
  otherwise: TlsConfig,
): ApiEndpoint[] {
  const socketGid = socketGroup === undefined ? undefined : findGroup(socketGroup);
  const whole = { ...otherwise, ...tls };
  return bind.map((endpoint) => withTls({ endpoint, rules, socketMode, socketGid }, whole));
}
