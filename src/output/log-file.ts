import { realpathSync, statSync } from "node:fs";
import type { OutputLog } from "../manager/process-host.ts";
import { LogLosses } from "./log-losses.ts";
import { logProblem, systemCode } from "./log-problem.ts";
import { rotateLog } from "./log-rotation.ts";
import { isSameFile, type LogTarget, openTarget } from "./log-target.ts";
import type { LogWriter } from "./log-writer.ts";

const NEWLINE = 10;
const newline = Buffer.of(NEWLINE);
/** Between two tries to write where it did not work. */
const RETRY_MS = 1000;
/** Between two tries to rotate where it did not work: the file grows meanwhile, nothing is lost. */
const ROTATE_RETRY_MS = 60_000;
/** A write that takes so long is told: everything else waits meanwhile. */
const SLOW_MS = 1000;
/** So long a line may still go on in the old file when a new one is asked for. */
const LINE_END_BYTES = 65_536;
/** A reader is waited for, who may be there at any moment; to ask costs next to nothing. */
const WAITING = new Set(["EAGAIN", "ENXIO", "EPIPE"]);
/** The file itself is in order. */
const STAYS_OPEN = new Set(["EAGAIN", "ENOSPC", "EDQUOT"]);
/** The same problem, coming and going, is told once in this time; the file itself tells every gap. */
const QUIET_MS = 60_000;

/** What a {@link LogFile} works with. */
export interface LogFileOptions {
  /** Told in words of what can't be written, once, and once more when it can be again. */
  readonly onProblem: (message: string) => void;
  /** Called with each write: it has a descriptor open, and is the one used last. */
  readonly onUse: (file: LogFile) => void;
  /** Called when it has no descriptor any more. */
  readonly onClose: (file: LogFile) => void;
  /** Called when nothing uses it any more. */
  readonly onIdle: (file: LogFile) => void;
  /** Milliseconds on a clock that never jumps. */
  readonly now: () => number;
}

/**
 * One file that outputs are appended to, shared by all that have it as their log: rotated between lines, and written
 * again as soon as what kept it from being written is over.
 */
export class LogFile {
  readonly path: string;
  readonly #options: LogFileOptions;
  readonly #losses: LogLosses;
  readonly #writers = new Set<LogWriter>();
  /** Those that hold whole lines until the line under way has ended. */
  readonly #waiting = new Set<LogWriter>();
  #settings: OutputLog;
  #target: LogTarget | undefined;
  #size = 0;
  /** The last byte in it is no newline … */
  #midLine = false;
  /** … and this one, which lives, goes on there. */
  #owner: LogWriter | undefined;
  #retryAt = 0;
  #rotateAt = 0;
  #slowToldAt = -Infinity;
  /** Bytes of a line under way that still go to the old file; undefined = no reopening is asked for. */
  #reopenWithin: number | undefined;
  #inode: LogTarget["stat"] | undefined;

  constructor(settings: OutputLog, options: LogFileOptions) {
    this.path = settings.path;
    this.#settings = settings;
    this.#options = options;
    this.#losses = new LogLosses({ path: this.path, quietMs: QUIET_MS, ...options });
  }

  /** Whether lines of several come together here. */
  get shared(): boolean {
    return this.#writers.size > 1;
  }

  /** Whether nothing is to be remembered of it. */
  get forgettable(): boolean {
    return this.#writers.size === 0 && !this.#midLine && this.#losses.none && this.pendingBytes === 0;
  }

  /** Bytes that wait for a slow reader. */
  get pendingBytes(): number {
    return this.#target?.pendingBytes ?? 0;
  }

  /** One more writes here; its settings of rotation are the ones in force from now on. */
  attach(writer: LogWriter, settings: OutputLog): void {
    this.#settings = settings;
    this.#writers.add(writer);
    // At once, not with the first output: whoever looks for it finds it, and what is wrong is told when the job starts.
    this.#isReady();
  }

  /** A writer has ended. */
  detach(writer: LogWriter): void {
    this.#writers.delete(writer);
    this.#waiting.delete(writer);
    if (this.#owner === writer) this.#owner = undefined;
    this.#wake();
    this.#idle();
  }

  /** Whether the line under way is another's: lines that come between would tear it. */
  isTakenFrom(writer: LogWriter): boolean {
    return this.#midLine && this.#owner !== undefined && this.#owner !== writer;
  }

  /** Whether it is the writer's own line that is under way. */
  isOwnedBy(writer: LogWriter): boolean {
    return this.#midLine && this.#owner === writer;
  }

  /** Remembers to flush a writer when the line under way has ended. */
  wait(writer: LogWriter): void {
    this.#waiting.add(writer);
  }

  /** Appends bytes; a last line without newline is then under way. */
  append(writer: LogWriter, bytes: Buffer): void {
    const count = this.#isReady() && this.#separate(writer) ? this.#write(bytes) : 0;
    if (count < bytes.length) return this.#drop(writer, bytes.subarray(count));
    if (!this.#losses.none) this.#losses.over();
    this.#owner = this.#midLine ? writer : undefined;
    if (!this.#midLine) this.#wake();
    return undefined;
  }

  /** Bytes of a line are thrown away because its beginning was. */
  lose(count: number): void {
    this.#losses.add(count);
  }

  /** Whoever rotates asks for a new file: from the end of the line under way on, it is opened anew. */
  reopen(): void {
    if (this.#target !== undefined) this.#reopenWithin = LINE_END_BYTES;
    this.#retryAt = 0;
    this.#rotateAt = 0;
  }

  /** Gives the descriptor back; the next write opens the file again. */
  close(): void {
    const target = this.#target;
    if (target === undefined) return;
    this.#target = undefined;
    this.#reopenWithin = undefined;
    target.close();
    this.#options.onClose(this);
  }

  /** The last that is done with it: what is missing is told, if it can be, and the descriptor is given back. */
  finish(): void {
    this.#retryAt = 0;
    if (this.#losses.bytes > 0) this.#isReady();
    this.close();
  }

  #idle(): void {
    if (this.#writers.size > 0 || this.pendingBytes > 0) return;
    this.close();
    this.#options.onIdle(this);
  }

  #wake(): void {
    for (const writer of this.#waiting) {
      if (this.isTakenFrom(writer)) return;
      this.#waiting.delete(writer);
      writer.flush();
    }
  }

  /** Ends the line that another left unfinished. @returns whether there is none now */
  #separate(writer: LogWriter): boolean {
    return !this.#midLine || this.#owner === writer || this.#put(newline) === 1;
  }

  /** @returns how many bytes were written; the rest can't be now */
  #write(bytes: Buffer): number {
    for (let at = 0; at < bytes.length;) {
      const end = this.#endOfPart(bytes, at);
      if (end === at) this.#turnOver();
      else {
        const count = this.#put(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
        at += count;
        if (at < end) return at;
      }
      if (at < bytes.length && !this.#isReady()) return at;
    }
    return bytes.length;
  }

  /** Up to where it goes into this file as it is; `start` when another must come first. */
  #endOfPart(bytes: Buffer, start: number): number {
    const mayReopen = this.#reopenWithin !== undefined && this.pendingBytes === 0;
    if (mayReopen) return this.#midLine && this.#lineMayEnd(bytes.length) ? endOfLine(bytes, start) : start;
    const room = this.#room();
    if (bytes.length - start <= room) return bytes.length;
    const whole = room > 0 ? bytes.lastIndexOf(NEWLINE, start + room - 1) + 1 : 0;
    if (whole > start) return whole;
    // A line that no file would hold passes whole.
    return this.#midLine || this.#size === 0 ? endOfLine(bytes, start) : start;
  }

  #lineMayEnd(count: number): boolean {
    const within = this.#reopenWithin ?? 0;
    this.#reopenWithin = within - count;
    return within > 0;
  }

  #room(): number {
    const { maxBytes } = this.#settings;
    if (maxBytes === 0 || this.#target?.rotatable !== true) return Infinity;
    return this.#rotateAt > 0 && this.#options.now() < this.#rotateAt ? Infinity : maxBytes - this.#size;
  }

  #turnOver(): void {
    if (this.#reopenWithin === undefined && !this.#rotate()) return;
    this.#midLine = false;
    this.close();
  }

  /** @returns whether a new file is to be opened. */
  #rotate(): boolean {
    const place = this.#place();
    if (place === undefined) return true;
    if (place.size < this.#size) {
      // Somebody has truncated it.
      this.#size = place.size;
      return false;
    }
    try {
      rotateLog(place.path, this.#settings.backups);
      this.#rotateAt = 0;
      return true;
    } catch (error) {
      const reason = logProblem(systemCode(error));
      if (this.#rotateAt === 0)
        this.#options.onProblem(`Cannot rotate log file "${this.path}": ${reason}; it grows on`);
      this.#rotateAt = this.#options.now() + ROTATE_RETRY_MS;
      return false;
    }
  }

  /** Where the open file is; undefined when somebody has moved or removed it. */
  #place(): { path: string; size: number } | undefined {
    try {
      const path = realpathSync(this.path);
      const stat = statSync(path);
      const isOurs = this.#target !== undefined && isSameFile(stat, this.#target.stat);
      return isOurs ? { path, size: stat.size } : undefined;
    } catch (error) {
      systemCode(error);
      return undefined;
    }
  }

  #put(bytes: Buffer): number {
    const target = this.#target;
    if (target === undefined) return 0;
    const started = this.#options.now();
    const { count, code } = target.write(bytes);
    const ended = this.#options.now();
    if (ended - started >= SLOW_MS && ended >= this.#slowToldAt + QUIET_MS) this.#tellSlow(started, ended);
    this.#size += count;
    if (count > 0) this.#midLine = bytes[count - 1] !== NEWLINE;
    if (code !== undefined) this.#fail(code);
    if (this.#target !== undefined) this.#options.onUse(this);
    return count;
  }

  #tellSlow(started: number, ended: number): void {
    this.#slowToldAt = ended;
    const seconds = ((ended - started) / 1000).toFixed(1);
    this.#options.onProblem(
      `Log file "${this.path}" is slow: one write took ${seconds} s, and nothing else was done then`,
    );
  }

  #isReady(): boolean {
    if (this.#target !== undefined && this.#losses.none) return true;
    if (this.#options.now() < this.#retryAt) return false;
    if (this.#target === undefined && !this.#open()) return false;
    return this.#losses.bytes === 0 || this.#writeGap();
  }

  #writeGap(): boolean {
    const line = Buffer.from(`${this.#midLine ? "\n" : ""}${this.#losses.line}`);
    this.#owner = undefined;
    if (this.#put(line) < line.length) return false;
    this.#losses.noted();
    return true;
  }

  #open(): boolean {
    try {
      const onLost = (count: number, code: string) => {
        this.#losses.add(count);
        this.#fail(code);
      };
      const target = openTarget(this.path, { onLost, onDrained: () => this.#idle() });
      const { stat } = target;
      this.#target = target;
      this.#size = stat.size;
      if (this.#inode === undefined || stat.size === 0 || !isSameFile(stat, this.#inode)) this.#midLine = false;
      this.#inode = stat;
      this.#options.onUse(this);
      return true;
    } catch (error) {
      this.#fail(systemCode(error));
      return false;
    }
  }

  #fail(code: string): void {
    this.#retryAt = WAITING.has(code) ? 0 : this.#options.now() + RETRY_MS;
    this.#losses.begin(code);
    if (!STAYS_OPEN.has(code)) this.close();
  }

  #drop(writer: LogWriter, rest: Buffer): void {
    this.#owner = undefined;
    this.#losses.add(rest.length);
    if (rest[rest.length - 1] !== NEWLINE) writer.skipLine();
    this.#wake();
  }
}

/** Behind the newline of the line at `start`, or the end of all. */
function endOfLine(bytes: Buffer, start: number): number {
  const at = bytes.indexOf(NEWLINE, start);
  return at === -1 ? bytes.length : at + 1;
}
