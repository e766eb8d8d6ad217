import { readFileSync } from "node:fs";
import type { JobSettings } from "../../src/manager/job-settings.ts";
import { markedProcesses } from "./marked-processes.ts";
import type { TempDir } from "./temp-dir.ts";

let marks = 0;

/**
 * Jobs whose processes write down each start, hold a lock as long as they live, and complain when somebody else holds it:
 * a process that runs twice is seen, however short that is.
 */
export class SoleJobs {
  /** A number of seconds to sleep that nobody else sleeps. */
  readonly mark: string = `89${process.pid}.${++marks}`;
  readonly #dir: TempDir;

  constructor(dir: TempDir) {
    this.#dir = dir;
    for (const name of ["starts", "complaints"]) dir.write(name, "");
  }

  /** The settings of a job of so many processes. @param part - more of them; `before` is a script run first. */
  job(numprocesses: number, { before = "", ...part }: Partial<JobSettings> & { before?: string } = {}): JobSettings {
    const script = `exec 9>>lock.$PS; flock -n 9 || echo "$PS" >> complaints; echo "$PS $$" >> starts; ${before}
      exec sleep ${this.mark}`;
    return { name: "job", cmd: script, shell: true, cwd: this.#dir.path, numprocesses, ...part };
  }

  /** Lines of those that found somebody else in their place. */
  get complaints(): string[] {
    return this.#lines("complaints");
  }

  /** Every start so far: its place and its pid. */
  get starts(): { readonly place: string; readonly pid: number }[] {
    return this.#lines("starts").map((line) => {
      const [place = "", pid] = line.split(" ");
      return { place, pid: Number(pid) };
    });
  }

  #lines(name: string): string[] {
    return readFileSync(this.#dir.file(name), "utf8").split("\n").filter(Boolean);
  }

  /** Pids of those that live, the smallest first. */
  get alive(): number[] {
    return markedProcesses(this.mark).toSorted((a, b) => a - b);
  }

  /** Kills whoever still lives, should a test have failed. */
  [Symbol.dispose](): void {
    for (const pid of this.alive) process.kill(pid, "SIGKILL");
  }
}
