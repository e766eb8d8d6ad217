import { closeSync, constants, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { join } from "node:path";
import { GafferError } from "../base/gaffer-error.ts";
import { unusable, wordsFor } from "./state-folder.ts";

/** What the lock asks of the machine. */
export interface LockMachine {
  /** Tells one start of the machine from another. */
  readonly bootId: string;
  /** Start time of a living process, in clock ticks since boot; undefined when there is none of that pid. */
  startOf(pid: number): number | undefined;
  /**
   * Locks an open file for as long as it is open in this process; the kernel ends it with us, however we end.
   *
   * @returns undefined when this machine has no such locks.
   */
  lock(fd: number): "locked" | "held" | undefined;
}

/** Bytes of the text in the file: always as many, so that a full disk can't refuse the next one's. */
const TEXT_BYTES = 128;

/** How long a holder that is dead already may take to leave its lock, in looks of 1 ms each. */
const LOOKS = 1000;

interface Holder {
  readonly pid: number;
  readonly start: number;
  readonly bootId: string;
}

/** The lock of a state folder: a file that holds who has it, `pid start_time boot_id`. */
export class InstanceLock implements Disposable {
  readonly #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * Takes the lock of a folder.
   *
   * @throws {@link GafferError} `instance_held` while another has it; `state_unusable` when its file can't be written.
   */
  static take(folder: string, machine: LockMachine): InstanceLock {
    const fd = openLock(folder);
    try {
      wait(folder, fd, machine);
      write(folder, fd, machine);
      return new InstanceLock(fd);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

function openLock(folder: string): number {
  const { O_RDWR, O_CREAT, O_NOFOLLOW } = constants;
  try {
    // Bun marks what it opens to be closed at exec: no child holds the lock after us.
    return openSync(join(folder, "lock"), O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
  } catch (error) {
    throw unusable(folder, `its lock cannot be opened: ${wordsFor(error)}`, error);
  }
}

function wait(folder: string, fd: number, machine: LockMachine): void {
  for (let look = 0; ; look++) {
    const locked = machine.lock(fd);
    if (locked === "locked") return;
    const holder = readHolder(fd);
    const lives = holder !== undefined && isAlive(holder, machine);
    // Without locks of the machine, what the file says is all there is to go by.
    if (locked === undefined && (!lives || holder.pid === process.pid)) return;
    if (lives || look >= LOOKS) throw held(folder, holder);
    Bun.sleepSync(1);
  }
}

function held(folder: string, holder: Holder | undefined): GafferError {
  const who = holder === undefined ? "another daemon" : `the daemon with pid ${holder.pid}`;
  const way = "stop that one first, or give this one another state_dir";
  const details = holder === undefined ? {} : { pid: holder.pid };
  return new GafferError("instance_held", `Cannot use state folder "${folder}": ${who} holds it (${way})`, { details });
}

const isAlive = ({ pid, start, bootId }: Holder, machine: LockMachine): boolean =>
  bootId === machine.bootId && machine.startOf(pid) === start;

function readHolder(fd: number): Holder | undefined {
  const bytes = Buffer.alloc(TEXT_BYTES);
  const text = bytes.toString("latin1", 0, readSync(fd, bytes, 0, TEXT_BYTES, 0));
  const [, pid, start, bootId = ""] = /^(\d+) (\d+) (\S*)\s*$/.exec(text) ?? [];
  return pid === undefined ? undefined : { pid: Number(pid), start: Number(start), bootId };
}

function write(folder: string, fd: number, machine: LockMachine): void {
  const text = `${process.pid} ${machine.startOf(process.pid) ?? 0} ${machine.bootId}`;
  const bytes = Buffer.from(`${text.padEnd(TEXT_BYTES - 1)}\n`);
  try {
    const written = writeSync(fd, bytes, 0, bytes.length, 0);
    if (written < bytes.length) ftruncateSync(fd, 0);
  } catch (error) {
    // The lock holds without it; only its holder can't be named.
    if (machine.lock(fd) === undefined) throw unusable(folder, wordsFor(error), error);
  }
}
