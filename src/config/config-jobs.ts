import { resolve } from "node:path";
import { tableEntries } from "../base/field-kind.ts";
import { GafferError } from "../base/gaffer-error.ts";
import { fullName, parseJobName } from "../base/job-name.ts";
import { didYouMean } from "../base/nearest.ts";
import { JOB_FIELD_BY_NAME } from "../manager/job-fields.ts";
import { inspectJob } from "../manager/job-reader.ts";
import { type JobSettings, resolveJob } from "../manager/job-settings.ts";
import { SpawnRequests } from "../manager/spawn-request.ts";
import type { ConfigDocument, ConfigEntry, ConfigSection } from "./config-document.ts";
import type { ProblemList } from "./problem-list.ts";
import { formatPlace, type Place } from "./source-text.ts";

/** The variables of `[env:NAME]`: where each stands, and what it is. */
type Variables = Map<string, ConfigEntry>;

/**
 * Reads the jobs of all files, in their order, with the variables of their `[env:NAME]` sections.
 *
 * @param env - what a job's own environment is laid over: a command must not name a variable that will never exist.
 */
export function readJobs(
  documents: readonly ConfigDocument[],
  env: Readonly<Record<string, string>>,
  problems: ProblemList,
): JobSettings[] {
  return new JobsReader(env, problems).read(documents);
}

class JobsReader {
  readonly #ownEnv: Readonly<Record<string, string>>;
  readonly #problems: ProblemList;
  readonly #variables = new Map<string, { readonly place: Place; readonly title: string; readonly vars: Variables }>();
  /** Sections of jobs by full name, those with faults too. */
  readonly #sections = new Map<string, ConfigSection>();

  constructor(ownEnv: Readonly<Record<string, string>>, problems: ProblemList) {
    this.#ownEnv = ownEnv;
    this.#problems = problems;
  }

  read(documents: readonly ConfigDocument[]): JobSettings[] {
    const all = documents.flatMap(({ sections, folder }) => sections.map((section) => ({ section, folder })));
    for (const { section } of all) if (section.kind === "env") this.#addVariables(section);
    const jobs = all.flatMap(({ section, folder }) => {
      const isJob = section.kind === "process" || section.kind === "job";
      return isJob ? (this.#readJob(section, folder) ?? []) : [];
    });
    for (const [name, { place, title }] of this.#variables) {
      if (this.#sections.has(name) || this.#problems.isFull) continue;
      const near = didYouMean(name, this.#sections.keys());
      this.#problems.add(place, `${title}: there is no job ${JSON.stringify(name)}${near}`);
    }
    return jobs;
  }

  #addVariables({ name, title, place, entries }: ConfigSection): void {
    if (this.#problems.isFull) return;
    const job = this.#jobName(name, { title, place });
    if (job === undefined) return;
    const { vars } = this.#variables.get(job) ?? { vars: new Map<string, ConfigEntry>() };
    this.#variables.set(job, { place, title, vars });
    const own = new Map<string, Place>();
    for (const entry of entries) {
      const first = own.get(entry.key);
      if (first) this.#problems.add(entry.place, `${entry.key} stands at ${formatPlace(first)} already: leave one`);
      own.set(entry.key, entry.place);
      vars.set(entry.key, entry);
    }
  }

  #jobName(written: string, { title, place }: Pick<ConfigSection, "title" | "place">): string | undefined {
    try {
      return fullName(parseJobName(written));
    } catch (error) {
      if (!(error instanceof GafferError)) throw error;
      this.#problems.add(place, `${title}: ${error.message.replace(/^Cannot use /, "")}`);
      return undefined;
    }
  }

  #readJob(section: ConfigSection, folder: string): JobSettings | undefined {
    if (this.#problems.isFull) return undefined;
    const name = this.#jobName(section.name, section);
    if (name !== undefined) this.#checkTwice(name, section);
    const vars = this.#variables.get(name ?? "")?.vars ?? new Map<string, ConfigEntry>();
    const where = (path: readonly string[]): Place => placeOf(path, section, vars);
    const { problems, settings } = inspectJob(this.#fieldsOf(section, { name, vars }));
    for (const { path, message } of problems) {
      const place = where(path);
      this.#problems.add(place, place === section.place ? `${section.title}: ${message}` : message);
    }
    if (name === undefined || settings === undefined) return undefined;
    const placed = { ...settings, cwd: resolve(folder, settings.cwd ?? "") };
    this.#checkCommand(placed, where(["cmd"]));
    return placed;
  }

  #fieldsOf(
    { entries, title }: ConfigSection,
    { name = "unnamed", vars }: { readonly name: string | undefined; readonly vars: Variables },
  ): Record<string, unknown> {
    const fields = new Map(entries.map((entry) => [entry.key, entry.value]));
    const env = withVariables(fields.get("env"), vars);
    if (env !== undefined) fields.set("env", env);
    const named = entries.find(({ key }) => key === "name");
    if (named) this.#problems.add(named.place, `name is given by the section already, ${title}: leave it out`);
    return { ...Object.fromEntries(fields), name };
  }

  #checkTwice(name: string, section: ConfigSection): void {
    const first = this.#sections.get(name);
    if (first === undefined) this.#sections.set(name, section);
    else {
      const where = `${first.title} at ${formatPlace(first.place)}`;
      this.#problems.add(section.place, `${section.title}: job ${JSON.stringify(name)} is defined by ${where} already`);
    }
  }

  /** What a load would refuse is told with its place. */
  #checkCommand(settings: JobSettings, place: Place): void {
    try {
      SpawnRequests.check(resolveJob(settings), { env: this.#ownEnv, cwd: "/" });
    } catch (error) {
      if (!(error instanceof GafferError)) throw error;
      this.#problems.add(place, error.message.replace(/^Cannot load job "[^"]*": /, ""));
    }
  }
}

/** A job's own variables over those of its section; what is no table stays as it is, to be refused. */
function withVariables(own: unknown, vars: Variables): unknown {
  const given = Object.fromEntries([...vars].map(([key, { value }]) => [key, value]));
  if (own === undefined || own === null) return vars.size === 0 ? undefined : given;
  const entries = tableEntries(own);
  return entries === undefined ? own : { ...given, ...Object.fromEntries(entries) };
}

function placeOf([field = "", part = ""]: readonly string[], section: ConfigSection, vars: Variables): Place {
  const entry = section.entries.find(({ key }) => key === field);
  const inside = entry?.parts.get(part) ?? (field === "env" ? vars.get(part)?.place : undefined);
  if (inside !== undefined || entry === undefined) return inside ?? section.place;
  return JOB_FIELD_BY_NAME.has(field) ? entry.valuePlace : entry.place;
}
