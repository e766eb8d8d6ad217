import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { GafferError } from "../base/gaffer-error.ts";
import { isAlive, procStat } from "./proc-stat.ts";

/** A file that holds the pid of a running program, so that no second one starts. */
export class Pidfile {
  #path: string;

  /** @param path - where it lies, or will. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Where it lies. */
  get path(): string {
    return this.#path;
  }

  /**
   * Writes our pid, all at once and readable by all (0644).
   *
   * @throws {@link GafferError} `pidfile_held` if the pid in it is alive and not ours; `bad_request` if it can't be written.
   */
  create(): void {
    const holder = this.validate();
    if (holder !== undefined && holder !== process.pid) {
      const way = "stop that process, or remove the file if it is another program's";
      throw new GafferError("pidfile_held", `Cannot take pidfile "${this.#path}": process ${holder} holds it (${way})`);
    }
    const fresh = `${this.#path}.${process.pid}`;
    this.#change("write", () => {
      writeFileSync(fresh, `${process.pid}\n`);
      chmodSync(fresh, 0o644);
      renameSync(fresh, this.#path);
    });
  }

  /** Moves it. @throws {@link GafferError} `bad_request` if it can't be moved. */
  rename(path: string): void {
    this.#change("rename", () => renameSync(this.#path, path));
    this.#path = path;
  }

  /** Removes it, if it still holds our pid. */
  unlink(): void {
    if (this.#read() === process.pid) rmSync(this.#path, { force: true });
  }

  /** The living process whose pid it holds; undefined when it is missing, garbage, or its process is dead. */
  validate(): number | undefined {
    const pid = this.#read();
    if (pid === undefined || pid <= 0) return undefined;
    return isRunning(pid) ? pid : undefined;
  }

  #read(): number | undefined {
    try {
      const text = readFileSync(this.#path, "utf8").trim();
      return /^-?\d+$/.test(text) ? Number(text) : undefined;
    } catch {
      return undefined;
    }
  }

  #change(what: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      const fact = error instanceof Error ? error.message : String(error);
      throw new GafferError("bad_request", `Cannot ${what} pidfile "${this.#path}": ${fact}`, { cause: error });
    }
  }
}

function isRunning(pid: number): boolean {
  if (process.platform === "linux") return isAlive(procStat(pid));
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
