import { GafferError } from "../base/gaffer-error.ts";
import { fullName, parseJobName } from "../base/job-name.ts";
import type { Job } from "./job.ts";
import type { JobConfig } from "./job-config.ts";
import { type JobStatus, jobStatus, type ProcessInfo, processInfo } from "./job-status.ts";
import type { ManagedProcess } from "./managed-process.ts";

/** What there is: the loaded jobs, those that are leaving, and their processes, to look at. */
export class JobCatalog {
  protected readonly loaded: Map<string, Job> = new Map<string, Job>();
  /** Unloaded jobs whose processes are still being stopped. */
  protected readonly leaving: Set<Job> = new Set<Job>();

  /** Names of the sessions, in load order. */
  get sessions(): string[] {
    return [...new Set([...this.loaded.keys()].map((name) => parseJobName(name).session))];
  }

  /** How every job stands, in load order. */
  get status(): JobStatus[] {
    return Array.from(this.loaded.values(), jobStatus);
  }

  /** How a job stands. @throws {@link GafferError} `job_not_found` */
  info(name: string): JobStatus {
    return jobStatus(this.find(name));
  }

  /** A job's config. @throws {@link GafferError} `job_not_found` */
  get(name: string): JobConfig {
    return this.find(name).config;
  }

  /** Full names of the jobs, in load order; of one session, if one is given. */
  jobs(session?: string): string[] {
    const names = [...this.loaded.keys()];
    return session === undefined ? names : names.filter((name) => parseJobName(name).session === session);
  }

  /** Calls back for each job, in load order. */
  jobsWalk(callback: (catalog: this, name: string) => void, session?: string): void {
    for (const name of this.jobs(session)) callback(this, name);
  }

  /** The processes of a job, or of all, by number; committed ones included. */
  list(name?: string): ProcessInfo[] {
    return this.#processes(name).map(processInfo);
  }

  /** Calls back for each process, by number. */
  walk(callback: (catalog: this, process: ProcessInfo) => void, name?: string): void {
    for (const process of this.list(name)) callback(this, process);
  }

  /** Numbers of the processes of a job that are kept alive, or of every process there is. */
  pids(name?: string): number[] {
    return (name === undefined ? this.#processes() : this.find(name).kept).map(({ id }) => id);
  }

  /** One process. @throws {@link GafferError} `process_not_found` */
  getProcess(id: number): ProcessInfo {
    return processInfo(this.findProcess(id));
  }

  #processes(name?: string): ManagedProcess[] {
    const jobs = name === undefined ? this.#all() : [this.find(name)];
    return jobs.flatMap((job) => job.processes).toSorted((a, b) => a.id - b.id);
  }

  #all(): Job[] {
    return [...this.loaded.values(), ...this.leaving];
  }

  /** Whether a process of an unloaded job is still in slot `number` of that name. */
  protected isLeaving(name: string, number: number): boolean {
    if (this.leaving.size === 0) return false;
    const jobs = [...this.leaving].filter((job) => job.name === name);
    return jobs.some((job) => job.slots.some((slot) => slot.number === number && slot.process !== undefined));
  }

  protected find(name: string, session?: string): Job {
    const full = fullName(parseJobName(name, session));
    const job = this.loaded.get(full);
    if (job === undefined) throw new GafferError("job_not_found", `Cannot find job "${full}": no such job is loaded`);
    return job;
  }

  protected findProcess(id: number): ManagedProcess {
    return this.#locate(id).process;
  }

  /** The job that a process was spawned for, even when another one bears its name by now. */
  protected ownerOf({ id }: ManagedProcess): Job {
    return this.#locate(id).job;
  }

  #locate(id: number): { readonly job: Job; readonly process: ManagedProcess } {
    for (const job of this.#all()) {
      const process = job.processes.find((one) => one.id === id);
      if (process !== undefined) return { job, process };
    }
    throw new GafferError("process_not_found", `Cannot find process ${id}: no such process`);
  }
}
