import type { FieldKind, JsonSchema, Report } from "../base/field-kind.ts";
import { choice, flag, seconds, size, text, textMap, texts, wholeNumber } from "../base/value-kinds.ts";
import { LONGEST_MS, MOST_BACKUPS, MOST_PROCESSES, RESTART_POLICIES } from "./job-check.ts";
import type { JobConfig } from "./job-config.ts";
import { argsKind, flappingKind, limitsKind, ownerKind, signalKind } from "./job-kinds.ts";
import type { JobSettings } from "./job-settings.ts";

/** One field of a job, as every format knows it. */
export interface JobField {
  /** What it is called in JSON, TOML and INI. */
  readonly name: string;
  /** What it is called in {@link JobSettings}; undefined = what it asks for is not built yet. */
  readonly setting: keyof JobSettings | undefined;
  readonly description: string;
  readonly schema: JsonSchema;
  /** The setting's value, undefined once it was reported. */
  read(value: unknown, report: Report): unknown;
  /** What a text of an INI file stands for. */
  fromText(written: string): unknown;
  /** The field's value in a config, for JSON; null = unset. */
  show(config: Partial<JobSettings>): unknown;
}

/** What a kind reads for a setting. */
type Value<K extends keyof JobSettings> = NonNullable<Partial<JobSettings>[K]>;

function field<K extends keyof JobConfig & keyof JobSettings>(
  [name, setting]: readonly [name: string, setting: K],
  kind: FieldKind<Value<K>>,
  description: string,
): JobField {
  return {
    name,
    setting,
    description,
    schema: kind.schema,
    read: (value, report) => kind.read(value, report),
    fromText: (written) => kind.fromText(written),
    show(config) {
      const value = config[setting];
      return value === undefined || value === null || value === Infinity ? null : kind.show(value);
    },
  };
}

/** A field whose feature is not built yet: it may be there, and must be empty. */
const sockets: JobField = {
  name: "sockets",
  setting: undefined,
  description: "Names of listening sockets that are passed on",
  schema: texts.schema,
  read(value, report) {
    const names = texts.read(value, report);
    if (names !== undefined && names.length > 0) report("asks for sockets, which are not built yet: leave it out");
    return undefined;
  },
  fromText: (written) => texts.fromText(written),
  show: () => [],
};

/** Every field of a job, in the order of its documents. Their defaults are those of {@link JOB_DEFAULTS}. */
export const JOB_FIELDS: readonly JobField[] = [
  field(["name", "name"], text, "Name of the job, session.job; without a session it is of the default one"),
  field(["cmd", "cmd"], text, "Program, or command line that is split like a shell would"),
  field(["args", "args"], argsKind, "Arguments appended to those in cmd"),
  field(["env", "env"], textMap, "Environment variables"),
  field(["os_env", "osEnv"], flag, "Whether env is laid over the daemon's environment, or is all there is"),
  field(["cwd", "cwd"], text, "Working directory"),
  field(["uid", "uid"], ownerKind, "User to run as"),
  field(["gid", "gid"], ownerKind, "Group to run as; unset = the user's own"),
  field(["shell", "shell"], flag, "Whether to run through sh -c"),
  field(["numprocesses", "numprocesses"], wholeNumber(MOST_PROCESSES), "How many processes to keep running"),
  field(["port", "port"], wholeNumber(65_535), "PORT of the first process; each further one is told one more"),
  field(["start", "start"], flag, "Whether to start it when it is loaded"),
  field(["priority", "priority"], wholeNumber(), "Order of the start, 0 first; unset = last"),
  field(["graceful_timeout", "gracefulTimeoutMs"], seconds(LONGEST_MS), "Seconds that a stop waits before SIGKILL"),
  field(["stop_signal", "stopSignal"], signalKind, "Signal that asks it to stop"),
  field(["restart", "restart"], choice(RESTART_POLICIES), "When a process that ended is started again"),
  field(
    ["flapping", "flapping"],
    flappingKind,
    "When a job that keeps exiting is held back: attempts, window (s), retry_in (s), max_retry; unset = never",
  ),
  field(["redirect_output", "redirectOutput"], texts, "Labels of stdout and stderr; an empty list = /dev/null"),
  field(["redirect_input", "redirectInput"], flag, "Whether stdin is a pipe that can be written to"),
  field(["logfile", "logfile"], text, "File that output is appended to; %i stands for the slot"),
  field(["stderr_logfile", "stderrLogfile"], text, "File of stderr alone; unset = that of stdout"),
  field(["logfile_maxbytes", "logfileMaxBytes"], size, "Bytes at which a log file is rotated; 0 = never"),
  field(["logfile_backups", "logfileBackups"], wholeNumber(MOST_BACKUPS), "How many rotated log files are kept"),
  sockets,
  field(["custom_streams", "customStreams"], texts, "Labels of additional streams"),
  field(["detach", "detach"], flag, "Whether it outlives the daemon, and the next one adopts it"),
  field(["rlimits", "rlimits"], limitsKind, 'Resource limits by name: a number, "soft:hard" or "unlimited"'),
];

/** The fields by name. */
export const JOB_FIELD_BY_NAME: ReadonlyMap<string, JobField> = new Map(JOB_FIELDS.map((one) => [one.name, one]));

/**
 * A config by the documented names, complete and fit for JSON: times in seconds, null for what is unset. Descriptors
 * and functions that an embedding program gave are left out.
 */
export function describeJob(config: JobConfig): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  // Shown for each job that is asked about: a list of pairs in between would take as long again.
  for (const one of JOB_FIELDS) fields[one.name] = one.show(config);
  return fields;
}
