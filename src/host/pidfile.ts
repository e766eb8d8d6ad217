import { chmodSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { GafferError } from "../base/gaffer-error.ts";
import { procStat } from "./proc-stat.ts";

/** The largest pid there is. @see proc(5), `/proc/sys/kernel/pid_max` */
const LARGEST_PID = 2 ** 22;

/** Readable by all, written by its owner, whatever the umask is. */
const MODE = 0o644;

const codeOf = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : String(error);

/** Whether a process of that pid is there and no zombie; another user's counts. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (codeOf(error) !== "EPERM") return false;
  }
  return procStat(pid)?.state !== "Z";
}

/** The file that tells others this daemon's pid: `PID` and a newline. */
export class Pidfile {
  #path: string;

  /** @param path - where it is to be; nothing is done yet. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Where it is. */
  get path(): string {
    return this.#path;
  }

  /**
   * Looks who holds the file.
   *
   * @returns the pid of a running process other than this one; undefined when there is no file, or it names nobody who runs.
   * @throws {@link GafferError} `usage` when it can't be read.
   */
  validate(): number | undefined {
    const pid = this.#read();
    return pid === undefined || pid === process.pid || !isRunning(pid) ? undefined : pid;
  }

  /**
   * Writes our pid; readers see the old file or the whole new one. A file that names nobody who runs is replaced.
   *
   * @throws {@link GafferError} `pidfile_held` when a running process has it; `usage` when it can't be written.
   */
  create(): void {
    const holder = this.validate();
    if (holder !== undefined) {
      const fact = `it is held by the running process ${holder} (stop that, or use another pid file)`;
      throw new GafferError("pidfile_held", `Cannot create pid file "${this.#path}": ${fact}`, {
        details: { pid: holder },
      });
    }
    this.#replace();
  }

  /**
   * Moves to another path: the new file is there before the old one goes.
   *
   * @throws {@link GafferError} as {@link create}; the old file then stays.
   */
  rename(path: string): void {
    if (path === this.#path) return;
    const moved = new Pidfile(path);
    moved.create();
    this.unlink();
    this.#path = path;
  }

  /** Removes the file if it still holds our pid; a file that is gone, or another's by now, is left as it is. */
  unlink(): void {
    if (this.#read() === process.pid) rmSync(this.#path, { force: true });
  }

  /** The pid in the file, if there is one that a process can have. */
  #read(): number | undefined {
    let text: string;
    try {
      text = readFileSync(this.#path, "latin1");
    } catch (error) {
      // A folder that is missing is told when the file is written.
      if (codeOf(error) === "ENOENT") return undefined;
      throw this.#failure("read", error);
    }
    const pid = /^\s*(\d+)\s*$/.exec(text)?.[1];
    return pid !== undefined && Number(pid) > 0 && Number(pid) <= LARGEST_PID ? Number(pid) : undefined;
  }

  #replace(): void {
    const draft = `${this.#path}.${process.pid}`;
    try {
      // What another life of the same pid left.
      rmSync(draft, { force: true });
      writeFileSync(draft, `${process.pid}\n`, { flag: "wx", mode: MODE });
      chmodSync(draft, MODE);
      renameSync(draft, this.#path);
    } catch (error) {
      if (codeOf(error) !== "ENOENT") rmSync(draft, { force: true });
      throw this.#failure("create", error);
    }
  }

  #failure(action: string, error: unknown): GafferError {
    const folder = dirname(this.#path);
    const facts: Readonly<Record<string, string>> = {
      ENOENT: `folder "${folder}" does not exist (create it first)`,
      ENOTDIR: `"${folder}" is not a folder`,
      EISDIR: "it is a folder",
      EACCES: "permission denied",
      EROFS: "its file system can only be read",
      ENOSPC: "its file system is full",
    };
    const code = codeOf(error);
    return new GafferError("usage", `Cannot ${action} pid file "${this.#path}": ${facts[code] ?? code}`, {
      cause: error,
    });
  }
}
