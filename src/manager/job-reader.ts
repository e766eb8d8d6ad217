import { type FieldProblem, MOST_PROBLEMS, shown, tableEntries } from "../base/field-kind.ts";
import { GafferError } from "../base/gaffer-error.ts";
import { fullName, parseJobName } from "../base/job-name.ts";
import { didYouMean } from "../base/nearest.ts";
import { jobInvalid, jobProblems } from "./job-check.ts";
import { JOB_FIELD_BY_NAME } from "./job-fields.ts";
import { completeJob, type JobSettings } from "./job-settings.ts";

/** How the fields of a job are read. */
export interface JobReading {
  /** Of a name that holds none. @defaultValue `"default"` */
  readonly session?: string | undefined;
  /** Whether `custom_channels` may hold descriptors: in a program that embeds gaffer. @defaultValue `false` */
  readonly embedding?: boolean;
}

/** What was read of a job, and everything that is wrong with it. */
export interface JobInspection {
  /** Full name; undefined if it has none that can be used. */
  readonly name: string | undefined;
  readonly problems: readonly FieldProblem[];
  /** Undefined when there are problems. */
  readonly settings: JobSettings | undefined;
}

/**
 * Reads a job given by the documented names of its fields: times in seconds, sizes as bytes or `50m`.
 * A field that is null counts as not given.
 *
 * @throws {@link GafferError} `job_invalid` that tells of every problem: unknown fields with the nearest known one,
 * wrong types, values out of range. What it returns, {@link resolveJob} takes.
 */
export function readJobFields(value: unknown, options: JobReading = {}): JobSettings {
  const { name, problems, settings } = inspectJob(value, options);
  if (settings === undefined) throw jobInvalid(name, problems);
  return settings;
}

/** Reads like {@link readJobFields}, and returns the problems. */
export function inspectJob(value: unknown, options: JobReading = {}): JobInspection {
  return new JobReader(options).read(value);
}

class JobReader {
  readonly #options: JobReading;
  readonly #problems: FieldProblem[] = [];

  constructor(options: JobReading) {
    this.#options = options;
  }

  read(value: unknown): JobInspection {
    const entries = tableEntries(value);
    if (entries === undefined) {
      this.#note([], `it is ${shown(value)}: it must be a table of fields`);
      return { name: undefined, problems: this.#problems, settings: undefined };
    }
    const given = new Map(entries.filter(([, item]) => item !== null && item !== undefined));
    const read = this.#readFields(given);
    const name = this.#readName(given);
    if (given.get("cmd") === undefined) this.#note(["cmd"], "cmd is missing: it takes a program or a command line");
    this.#checkWhole(read);
    const problems = this.#problems;
    if (name === undefined || problems.length > 0) return { name, problems, settings: undefined };
    return { name, problems, settings: { ...read, name, cmd: String(given.get("cmd")) } };
  }

  #note(path: readonly string[], message: string): void {
    if (this.#problems.length < MOST_PROBLEMS) this.#problems.push({ path, message });
  }

  #readFields(given: ReadonlyMap<string, unknown>): Partial<JobSettings> {
    const read: [string, unknown][] = [];
    for (const [name, value] of given) {
      // A body of a megabyte may hold a hundred thousand wrong fields.
      if (this.#problems.length >= MOST_PROBLEMS) break;
      if (name === "name") continue;
      const known = JOB_FIELD_BY_NAME.get(name);
      if (name === "custom_channels") read.push(["customChannels", this.#readChannels(value)]);
      else if (known === undefined) this.#note([name], unknownField(name));
      else {
        const result = known.read(value, (fact, path = []) => this.#note([name, ...path], say([name, ...path], fact)));
        if (known.setting !== undefined && result !== undefined) read.push([known.setting, result]);
      }
    }
    return Object.fromEntries(read);
  }

  #readName(given: ReadonlyMap<string, unknown>): string | undefined {
    const written = given.get("name");
    if (written === undefined) this.#note(["name"], "name is missing");
    else if (typeof written !== "string") this.#note(["name"], `name is ${shown(written)}: it must be a text`);
    else
      try {
        return fullName(parseJobName(written, this.#options.session));
      } catch (error) {
        if (!(error instanceof GafferError)) throw error;
        this.#note(["name"], error.message.replace(/^Cannot use job name/, "name is"));
      }
    return undefined;
  }

  #readChannels(value: unknown): readonly number[] {
    const items: readonly unknown[] | undefined = Array.isArray(value) ? value : undefined;
    if (items?.length === 0) return [];
    const channels = items?.filter((item) => typeof item === "number");
    if (channels === undefined || channels.length !== items?.length)
      this.#note(["custom_channels"], `custom_channels is ${shown(value)}: it must be a list of descriptors`);
    else if (this.#options.embedding !== true)
      this.#note(["custom_channels"], "custom_channels can only be handed on by a program that embeds gaffer");
    return channels ?? [];
  }

  /** Looks at the values together, but not again at the fields that are wrong already. */
  #checkWhole(read: Partial<JobSettings>): void {
    const wrong = new Set(this.#problems.map(({ path }) => path[0]));
    const cmd = read.cmd ?? "true";
    for (const found of jobProblems(completeJob({ ...read, name: "job", cmd }))) {
      if (this.#problems.length >= MOST_PROBLEMS) return;
      if (!wrong.has(found.path[0])) this.#note(found.path, found.message);
    }
  }
}

const say = (path: readonly string[], fact: string): string => `${path.join(" ")} ${fact}`;

/** Fields that a job's author may write. */
const known = [...JOB_FIELD_BY_NAME.keys()];

/** What is wrong with a field that is not there, with the nearest that is. */
export function unknownField(name: string): string {
  const shortened = name.length > 64 ? `${name.slice(0, 64)}…` : name;
  return `there is no setting ${JSON.stringify(shortened)}${didYouMean(name, known)}`;
}
