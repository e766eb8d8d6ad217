import { resolve } from "node:path";
import type { ConfigDocument } from "./config-document.ts";
import { CLOSED, readAccess, readEndpoints } from "./config-endpoints.ts";
import { readConfigFiles } from "./config-files.ts";
import { readJobs } from "./config-jobs.ts";
import { readPlugins } from "./config-plugins.ts";
import { authKeys, type AuthValues, gafferKeys, type GafferValues, type KeysOf, sslKeys } from "./config-schema.ts";
import { readSsl } from "./config-tls.ts";
import { readWebhooks } from "./config-webhooks.ts";
import type { DaemonConfig, KeyringConfig } from "./daemon-config.ts";
import { ProblemList } from "./problem-list.ts";
import { checkSection, SectionValues } from "./section-values.ts";

/** What a daemon keeps of output where nothing is said, in bytes. */
const OUTPUT_MEMORY = 33_554_432;
const OUTPUT_BUFFER = 65_536;
const KEYRING: KeyringConfig = { keys: "keys.db", users: "auth.db" };

/** What is known before the files are read. */
export interface ConfigSurroundings {
  /** The environment that children get besides their own: a command must not name a variable that will never exist. */
  readonly env: Readonly<Record<string, string>>;
}

/** What a daemon is told that is told nothing. */
export const DEFAULT_DAEMON_CONFIG: DaemonConfig = {
  file: undefined,
  files: [],
  endpoints: [],
  defaultAccess: CLOSED,
  tls: {},
  daemonize: false,
  pidfile: undefined,
  errorLog: undefined,
  logLevel: "info",
  stateDir: undefined,
  keyring: KEYRING,
  pluginDirs: [],
  plugins: new Map(),
  outputMemoryBytes: OUTPUT_MEMORY,
  outputBufferBytes: OUTPUT_BUFFER,
  webhooks: [],
  jobs: [],
};

/**
 * Reads the configuration of a daemon: a file with all that it includes, checked whole. It changes nothing anywhere.
 *
 * @param path - a file that ends in `.ini` or `.toml`, or a folder that holds gaffer.toml, gaffer.ini or gafferd.ini.
 * @throws {@link GafferError} `config_invalid` that tells of every problem with its place, or why the file cannot be read.
 */
export function loadDaemonConfig(path: string, { env }: ConfigSurroundings): DaemonConfig {
  const problems = new ProblemList();
  const documents = readConfigFiles(path, problems);
  const gaffer = readGaffer(documents, problems);
  const endpoints = readEndpoints(documents, gaffer, problems);
  const tls = readSsl(valuesOf(documents, "ssl", sslKeys), problems);
  const webhooks = readWebhooks(documents, problems);
  const jobs = readJobs(documents, env, problems);
  problems.throwIfAny();
  const files = documents.map(({ file }) => file);
  return {
    ...readValues(gaffer),
    file: files[0],
    files,
    endpoints,
    tls,
    keyring: readAuth(valuesOf(documents, "auth", authKeys)),
    webhooks,
    jobs,
    plugins: readPlugins(documents),
  };
}

/** What the sections of a kind say in all files together. */
function valuesOf<V>(documents: readonly ConfigDocument[], kind: string, keys: KeysOf<V>): SectionValues<V> {
  const values = new SectionValues(keys);
  for (const { sections, folder } of documents) {
    for (const section of sections) if (section.kind === kind) values.add(section, folder);
  }
  return values;
}

function readAuth(auth: SectionValues<AuthValues>): KeyringConfig {
  return { keys: auth.or("keys_dbname", KEYRING.keys), users: auth.or("auth_dbname", KEYRING.users) };
}

/** Checks every section that is no job and no environment, and gathers what `[gaffer]` says. */
function readGaffer(documents: readonly ConfigDocument[], problems: ProblemList): SectionValues<GafferValues> {
  const gaffer = new SectionValues(gafferKeys);
  for (const { sections, folder } of documents) {
    for (const section of sections) {
      if (section.kind !== "env") checkSection(section, problems);
      if (section.kind === "gaffer") gaffer.add(section, folder);
    }
  }
  return gaffer;
}

function readValues(
  gaffer: SectionValues<GafferValues>,
): Omit<DaemonConfig, "file" | "files" | "endpoints" | "tls" | "keyring" | "webhooks" | "jobs" | "plugins"> {
  const path = (name: "pidfile" | "error_log" | "state_dir"): string | undefined => {
    const given = gaffer.get(name);
    return given && resolve(given.folder, given.value);
  };
  const paths = (name: "plugins_dir" | "plugin_dir"): string[] => {
    const given = gaffer.get(name);
    return given?.value.map((one) => resolve(given.folder, one)) ?? [];
  };
  return {
    defaultAccess: readAccess(gaffer, CLOSED),
    daemonize: gaffer.or("daemonize", DEFAULT_DAEMON_CONFIG.daemonize),
    pidfile: path("pidfile"),
    errorLog: path("error_log"),
    logLevel: gaffer.or("log_level", DEFAULT_DAEMON_CONFIG.logLevel),
    stateDir: path("state_dir"),
    pluginDirs: [...paths("plugins_dir"), ...paths("plugin_dir")],
    outputMemoryBytes: gaffer.or("output_memory", OUTPUT_MEMORY),
    outputBufferBytes: gaffer.or("output_buffer", OUTPUT_BUFFER),
  };
}
