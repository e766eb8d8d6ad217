import type { Endpoint } from "../base/endpoint.ts";
import type { FieldKind } from "../base/field-kind.ts";
import { didYouMean } from "../base/nearest.ts";
import { choice, flag, size, text, texts, wholeNumber } from "../base/value-kinds.ts";
import { ownerKind } from "../manager/job-kinds.ts";
import { anything, endpointsKind, hostsKind, modeKind, notBuilt, originsKind } from "./config-kinds.ts";
import type { LogLevel } from "./daemon-config.ts";
import { webhookKind } from "./webhook-kind.ts";

/** One key of a section. */
export interface ConfigKey<T> {
  readonly kind: FieldKind<T>;
  readonly description: string;
  /** As it is written in JSON; null = unset. */
  readonly fallback: unknown;
}

/** The keys of one kind of section. */
export type ConfigKeys = Readonly<Record<string, ConfigKey<unknown>>>;

/** The keys of a section whose values are these. */
export type KeysOf<V> = { readonly [N in keyof V]: ConfigKey<V[N]> };

/** Values of the keys that `[gaffer]` and `[endpoint.NAME]` share. */
export interface ListenValues {
  readonly bind: readonly Endpoint[];
  readonly backlog: number;
  readonly cors_origins: readonly string[];
  readonly allowed_hosts: readonly string[];
  readonly insecure: boolean;
  readonly require_key: boolean;
  readonly socket_mode: number;
  readonly socket_group: string | number;
}

/** Values of `[gaffer]`; unknown = not built yet. */
export interface GafferValues extends ListenValues {
  readonly http_endpoints: readonly string[];
  readonly daemonize: boolean;
  readonly pidfile: string;
  readonly error_log: string;
  readonly log_level: LogLevel;
  readonly state_dir: string;
  readonly output_memory: number;
  readonly output_buffer: number;
  readonly include: readonly string[];
  readonly include_dir: readonly string[];
  readonly plugins_dir: readonly string[];
  readonly plugin_dir: readonly string[];
  readonly broadcast_address: unknown;
  readonly lookupd_address: unknown;
  readonly kernel: unknown;
  readonly kernel_buffer: unknown;
}

/** Values of the keys that name certificates. */
export interface TlsValues {
  readonly certfile: string;
  readonly keyfile: string;
  readonly cacert: string;
}

/** Values of `[endpoint.NAME]`; unknown = not built yet. */
export interface EndpointValues extends ListenValues, TlsValues {}

/** Values of `[ssl]`. */
export interface SslValues extends TlsValues {
  readonly ca_certs: string;
}

const key = <T>(kind: FieldKind<T>, description: string, fallback: unknown = null): ConfigKey<T> => ({
  kind,
  description,
  fallback,
});

const logLevels: readonly LogLevel[] = ["critical", "error", "warning", "info", "debug"];

const lookup = notBuilt("lookup is", text);
const kernel = notBuilt("the kernel is", flag);

const listenKeys: KeysOf<ListenValues> = {
  bind: key(endpointsKind, "Addresses to listen on: host:port, :port, [v6]:port, unix:/path"),
  backlog: key(wholeNumber(), "Connections that wait to be accepted; the runtime's own number stands", 128),
  cors_origins: key(originsKind, "Origins whose pages may use the API from a browser", []),
  allowed_hosts: key(
    hostsKind,
    "Names that the Host header may hold besides addresses, localhost and the bound name",
    [],
  ),
  insecure: key(flag, "Lifts the check of the peer, and the demand for a key beyond loopback", false),
  require_key: key(flag, "Whether every request needs a key", false),
  socket_mode: key(modeKind, "Permission bits of unix sockets, octal", "0600"),
  socket_group: key(ownerKind, "Group of unix sockets, by name or number"),
};

/** What `[gaffer]` may hold. Paths are relative to the file's folder. */
export const gafferKeys: KeysOf<GafferValues> = {
  http_endpoints: key(texts, "Names of the [endpoint] sections to listen on; unset = all of them"),
  ...listenKeys,
  daemonize: key(flag, "Whether to go to the background", false),
  pidfile: key(text, "File to hold the daemon's pid"),
  error_log: key(text, "File that the daemon's log goes to instead of stderr"),
  log_level: key(choice(logLevels), "How much the daemon's log tells", "info"),
  state_dir: key(text, "Folder of what must outlive the daemon"),
  output_memory: key(size, "Bytes of memory for all kept output together", 33_554_432),
  output_buffer: key(size, "Bytes of output kept of each stream of a slot", 65_536),
  include: key(texts, "Files to read too, relative to this one"),
  include_dir: key(texts, "Folders of which every .ini and .toml file is read too, relative to this file"),
  plugins_dir: key(texts, "Folders that hold a folder for each plugin; unset = ~/.gaffer/plugins"),
  plugin_dir: key(texts, "The same as plugins_dir; what both name is used"),
  broadcast_address: key(lookup, "Address that the lookup server is told"),
  lookupd_address: key(lookup, "Address of a lookup server; every key that begins so adds one"),
  kernel: key(kernel, "Whether processes run in a kernel that outlives the daemon, or its address", false),
  kernel_buffer: key(notBuilt("the kernel is", size), "Bytes of output that the kernel keeps of each process"),
};

const tlsKeys: KeysOf<TlsValues> = {
  certfile: key(
    text,
    "Certificate of the server (PEM), with those that lead to its authority: makes TCP addresses speak TLS",
  ),
  keyfile: key(text, "Private key of the certificate (PEM, not encrypted); unset = it is in certfile"),
  cacert: key(text, "Certificates of an authority (PEM): only clients whose certificate it signed may connect"),
};

/** What an `[endpoint.NAME]` may hold; access that it does not speak of is that of `[gaffer]`, TLS that of `[ssl]`. */
export const endpointKeys: KeysOf<EndpointValues> = { ...listenKeys, ...tlsKeys };

/** What `[ssl]` may hold. */
export const sslKeys: KeysOf<SslValues> = { ...tlsKeys, ca_certs: key(text, "The same as cacert") };

const socketKeys = ["host", "port", "path", "family", "backlog", "reuseport", "umask"] as const;

/** Values of `[auth]`. */
export interface AuthValues {
  readonly auth_backend: "default";
  readonly keys_backend: "default";
  readonly auth_dbname: string;
  readonly keys_dbname: string;
}

const backend = choice<"default">(["default"]);

/** What `[auth]` may hold. */
export const authKeys: KeysOf<AuthValues> = {
  auth_backend: key(backend, "What keeps the users; there is one, SQLite", "default"),
  keys_backend: key(backend, "What keeps the keys; there is one, SQLite", "default"),
  auth_dbname: key(text, "Database of the users, in the state folder; :memory: = none that lasts", "auth.db"),
  keys_dbname: key(text, "Database of the keys, in the state folder; :memory: = none that lasts", "keys.db"),
};

const all = (names: readonly string[], kind: FieldKind<unknown>, description: string): ConfigKeys =>
  Object.fromEntries(names.map((name) => [name, key(kind, description)]));

/** What a kind of section is. */
export interface SectionSpec {
  readonly description: string;
  /** Whether a name follows the kind: none, one, or that of a job, which may have two parts. */
  readonly naming: "none" | "one" | "job";
  /** Undefined = it is a job, whose fields are those of {@link JOB_FIELDS}. */
  readonly keys: ConfigKeys | undefined;
  /** What any other key is; undefined = there is no other. */
  readonly others: FieldKind<unknown> | undefined;
  /** How the case of its keys is taken. */
  readonly fold: "lower" | "upper" | "kept";
}

const spec = (
  naming: SectionSpec["naming"],
  description: string,
  rest: Partial<Omit<SectionSpec, "naming" | "description">>,
): SectionSpec => ({ naming, description, keys: {}, others: undefined, fold: "lower", ...rest });

const job = spec("job", "A job: a named thing to keep running", { keys: undefined });

/** Every kind of section there is. */
export const SECTIONS: ReadonlyMap<string, SectionSpec> = new Map([
  ["gaffer", spec("none", "The daemon itself", { keys: gafferKeys })],
  ["endpoint", spec("one", "Addresses of the HTTP API, and who may use them", { keys: endpointKeys })],
  ["process", job],
  ["job", job],
  ["env", spec("job", "Variables for a job's environment; names are made upper case", { others: text, fold: "upper" })],
  [
    "webhooks",
    spec(
      "none",
      "A pattern of events, and the URLs they are posted to, each with secret_file=FILE behind it if it is signed",
      {
        keys: { secret_file: key(text, "File with the secret that signs what names no other") },
        others: webhookKind,
        fold: "kept",
      },
    ),
  ],
  ["socket", spec("one", "A listening socket for jobs", { keys: all(socketKeys, notBuilt("sockets are", text), "") })],
  ["auth", spec("none", "Where users and keys are", { keys: authKeys })],
  ["ssl", spec("none", "TLS of every TCP endpoint that names no certificate of its own", { keys: sslKeys })],
  ["lookup_ssl", spec("none", "TLS towards lookup servers", { others: lookup })],
  ["plugin", spec("one", "Whatever a plugin wants to know", { others: anything, fold: "kept" })],
]);

/** A key of `[gaffer]` of which there may be several, told apart by what follows. */
export const MANY_KEYS = "lookupd_address";

/** What a key of a section may be; undefined = there is no such key. */
export function keyIn({ keys = {}, others }: SectionSpec, name: string): FieldKind<unknown> | undefined {
  const own = Object.hasOwn(keys, name) ? keys[name]?.kind : undefined;
  if (own !== undefined) return own;
  const many = Object.hasOwn(keys, MANY_KEYS) && name.startsWith(MANY_KEYS) ? keys[MANY_KEYS]?.kind : undefined;
  return many ?? others;
}

/** What is wrong with a section of a kind that is not there, with the nearest that is. */
export function unknownSection(title: string, kind: string): string {
  const known = [...SECTIONS.keys()];
  const near = didYouMean(kind, known);
  return `there is no section ${title.slice(0, 64)}${near === "" ? `: they are ${known.join(", ")}` : near}`;
}
