import type { Endpoint } from "../base/endpoint.ts";
import type { TlsAuthority, TlsIdentity } from "../base/tls-files.ts";
import type { JobSettings } from "../manager/job-settings.ts";
import type { PluginSettings } from "./config-plugins.ts";

/** Who may use an endpoint besides its own user. */
export interface AccessConfig {
  /** Origins, such as `https://ops.example`, whose pages may use the API from a browser. */
  readonly corsOrigins: readonly string[];
  /** Names that the Host header may hold besides address literals, `localhost` and the bound name. */
  readonly allowedHosts: readonly string[];
  /** Lifts the check of the peer, and the demand for a key beyond loopback. */
  readonly insecure: boolean;
  /** Asks for a key instead of looking at who connects. */
  readonly requireKey: boolean;
}

/** Where keys and users are kept: paths relative to the state folder, or `:memory:`. */
export interface KeyringConfig {
  readonly keys: string;
  readonly users: string;
}

/** What is said of TLS in one place; what it leaves out may be said in another. */
export interface TlsConfig {
  /** Certificate and key of the server. */
  readonly identity?: TlsIdentity;
  /** Who must have signed a client's certificate. */
  readonly authority?: TlsAuthority;
}

/** One `[endpoint:NAME]`, or the addresses of `[gaffer] bind`. */
export interface EndpointConfig extends AccessConfig {
  readonly name: string;
  readonly bind: readonly Endpoint[];
  /** Permission bits of unix sockets. @defaultValue `0o600` */
  readonly socketMode: number;
  /** Group of unix sockets, by name or number. */
  readonly socketGroup: string | number | undefined;
  /** What it says itself of TLS. */
  readonly tls: TlsConfig;
}

/** Events that are posted to a URL. */
export interface WebhookConfig {
  /** Which events. */
  readonly pattern: string;
  /** http or https; may hold a password. */
  readonly url: string;
  /** Absolute path of the file that {@link key} came from. */
  readonly secretFile: string | undefined;
  /** Signs what is posted; undefined = it is not signed. */
  readonly key: Uint8Array | undefined;
}

/** How much a daemon says in its log. */
export type LogLevel = "critical" | "error" | "warning" | "info" | "debug";

/** Everything that a daemon is told by its configuration; checked, complete, times in milliseconds, sizes in bytes. */
export interface DaemonConfig {
  /** Absolute path of the file it began with; undefined = none, all is default. */
  readonly file: string | undefined;
  /** Every file that was read. */
  readonly files: readonly string[];
  /** None = the defaults, see {@link defaultAccess}. */
  readonly endpoints: readonly EndpointConfig[];
  readonly keyring: KeyringConfig;
  /** What `[gaffer]` says of access, for endpoints that are named on the command line. */
  readonly defaultAccess: AccessConfig;
  /** What `[ssl]` says, for endpoints that do not say it themselves. */
  readonly tls: TlsConfig;
  readonly daemonize: boolean;
  readonly pidfile: string | undefined;
  readonly errorLog: string | undefined;
  /** @defaultValue `"info"` */
  readonly logLevel: LogLevel;
  readonly stateDir: string | undefined;
  /** Absolute paths of the folders that hold plugins; none = the default, which need not be there. */
  readonly pluginDirs: readonly string[];
  /** What `[plugin:NAME]` says, by name. */
  readonly plugins: ReadonlyMap<string, PluginSettings>;
  /** Memory of all kept output together. @defaultValue 32 MiB */
  readonly outputMemoryBytes: number;
  /** Output kept of each slot's stream. @defaultValue 64 KiB */
  readonly outputBufferBytes: number;
  /** One URL has one key, whatever the pattern. */
  readonly webhooks: readonly WebhookConfig[];
  /** In file order, under full names; a job's folder is absolute. */
  readonly jobs: readonly JobSettings[];
}
