import { stringify } from "smol-toml";
import { type Endpoint, formatEndpoint } from "../base/endpoint.ts";
import { tableEntries } from "../base/field-kind.ts";
import { shownUrl } from "../base/shown-url.ts";
import { DEFAULT_SESSION } from "../base/job-name.ts";
import { describeJob } from "../manager/job-fields.ts";
import { type JobSettings, resolveJob } from "../manager/job-settings.ts";
import { MAIN_ENDPOINT } from "./config-endpoints.ts";
import { modeKind } from "./config-kinds.ts";
import type { PluginSettings } from "./config-plugins.ts";
import { TABLE_FIELDS } from "./toml-document.ts";
import type { AccessConfig, DaemonConfig, EndpointConfig, TlsConfig } from "./daemon-config.ts";

/** Names of variables whose values are nobody else's business. */
const secretName = /KEY|TOKEN|SECRET|PASSWORD|PASSWD/i;

/** A password inside of a URL. @see RFC 3986 §3.2.1 */
const urlPassword = /(:\/\/[^\s/:@]*:)[^\s/@]+@/g;

const HIDDEN = "***";

/** The value of a variable as it may be shown: `***` for secrets, also where a URL holds one. */
export function shownVariable(name: string, value: string): string {
  return secretName.test(name) ? HIDDEN : value.replaceAll(urlPassword, `$1${HIDDEN}@`);
}

/** A table without what is unset: TOML has no null, and an empty table says nothing. */
function withoutEmpty(table: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(table).filter(
      ([, value]) => value !== null && value !== undefined && tableEntries(value)?.length !== 0,
    ),
  );
}

const addresses = (bind: readonly Endpoint[]): string[] => bind.map(formatEndpoint);

const accessTable = ({ corsOrigins, allowedHosts, insecure, requireKey }: AccessConfig): Record<string, unknown> => ({
  cors_origins: corsOrigins,
  allowed_hosts: allowedHosts,
  insecure,
  require_key: requireKey,
});

const tlsTable = ({ identity, authority }: TlsConfig): Record<string, unknown> =>
  withoutEmpty({ certfile: identity?.certfile, keyfile: identity?.keyfile, cacert: authority?.cacert });

function endpointTable(endpoint: EndpointConfig): Record<string, unknown> {
  const { bind, socketMode, socketGroup } = endpoint;
  return withoutEmpty({
    bind: addresses(bind),
    ...accessTable(endpoint),
    socket_mode: modeKind.show(socketMode),
    socket_group: socketGroup,
    ...tlsTable(endpoint.tls),
  });
}

function gafferTable(config: DaemonConfig): Record<string, unknown> {
  const main = config.endpoints.find(({ name }) => name === MAIN_ENDPOINT);
  return withoutEmpty({
    ...(main === undefined ? accessTable(config.defaultAccess) : endpointTable(main)),
    daemonize: config.daemonize,
    pidfile: config.pidfile,
    error_log: config.errorLog,
    log_level: config.logLevel,
    state_dir: config.stateDir,
    plugins_dir: config.pluginDirs.length === 0 ? undefined : config.pluginDirs,
    output_memory: config.outputMemoryBytes,
    output_buffer: config.outputBufferBytes,
  });
}

/** What a plugin is told, without its secrets, however deep they stand. */
function shownSettings(settings: PluginSettings): PluginSettings {
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, shownSetting(key, value)]));
}

function shownSetting(key: string, value: unknown): unknown {
  if (secretName.test(key)) return HIDDEN;
  if (typeof value === "string") return shownVariable(key, value);
  if (Array.isArray(value)) return value.map((item) => shownSetting(key, item));
  const table = tableEntries(value);
  return table === undefined ? value : shownSettings(Object.fromEntries(table));
}

/** Patterns with their URLs, the secrets of which are hidden. */
function webhooksTable({ webhooks }: DaemonConfig): Record<string, unknown> {
  const byPattern = Map.groupBy(webhooks, ({ pattern }) => pattern);
  const rows = Array.from(byPattern, ([pattern, hooks]) => {
    const urls = hooks.map(({ url, secretFile }) => ({ url: shownUrl(url), secret_file: secretFile }));
    return [pattern, urls.map(withoutEmpty)] as const;
  });
  return Object.fromEntries(rows);
}

/** A job as a table of its own, so that jobs keep their order. */
function jobTable(settings: JobSettings): Record<string, unknown> {
  const config = resolveJob(settings);
  const [session = DEFAULT_SESSION, job = ""] = config.name.split(".");
  const env = Object.entries(config.env).map(([name, value]) => [name, shownVariable(name, value)] as const);
  const { name: _, sockets: __, ...fields } = describeJob({ ...config, env: Object.fromEntries(env) });
  // [process.web.env] are the variables of a job web, so a job env of a session web is written in one word.
  const own = TABLE_FIELDS.has(job)
    ? { [config.name]: withoutEmpty(fields) }
    : { [session]: { [job]: withoutEmpty(fields) } };
  return { process: own };
}

const noAddress = "# no address is given: 127.0.0.1:5000, and gaffer/gaffer.sock in the runtime folder";

/**
 * The configuration as it is understood, every default filled in: TOML that {@link loadDaemonConfig} reads as the same,
 * but for the secrets in it, which are shown as `***`.
 */
export function describeConfig(config: DaemonConfig): string {
  const named = config.endpoints.filter(({ name }) => name !== MAIN_ENDPOINT);
  const tables = withoutEmpty({
    gaffer: gafferTable(config),
    auth: { keys_dbname: config.keyring.keys, auth_dbname: config.keyring.users },
    ssl: tlsTable(config.tls),
    endpoint: Object.fromEntries(named.map((endpoint) => [endpoint.name, endpointTable(endpoint)])),
    plugin: Object.fromEntries([...config.plugins].map(([name, settings]) => [name, shownSettings(settings)])),
    webhooks: webhooksTable(config),
  });
  const head = [
    ...config.files.map((file) => `# ${JSON.stringify(file)}`),
    ...(config.endpoints.length === 0 ? [noAddress] : []),
  ];
  return [...head, stringify(tables), ...config.jobs.map((job) => stringify(jobTable(job)))].join("\n");
}
