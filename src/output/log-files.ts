import { resolve } from "node:path";
import type { OutputLog } from "../manager/process-host.ts";
import { LogFile } from "./log-file.ts";
import { LogWriter } from "./log-writer.ts";
import type { OutputSink } from "./open-output.ts";

/** Most descriptors of log files at a time; beyond it, the file that was written longest ago is closed till its next write. */
const OPEN_FILES = 512;
/** Most files that nobody writes and of which something is remembered: that they could not be written, say. */
const REMEMBERED_FILES = 1024;
/** So long the slow readers of fifos get for their last words. */
const DRAIN_MS = 5000;
/** Between two looks whether they have them. */
const LOOK_MS = 10;

/** Settings of {@link LogFiles}. */
export interface LogFilesOptions {
  /**
   * Told in words that a file can't be written or rotated, once, and once more when it is written again:
   * `Cannot write log file "/var/log/web": its folder does not exist`.
   */
  readonly onProblem: (message: string) => void;
  /** Most files open at a time. @defaultValue 512 */
  readonly openFiles?: number;
  /** Milliseconds on a clock that never jumps. @defaultValue `performance.now` */
  readonly now?: () => number;
}

/**
 * The files that outputs are appended to. Nothing that befalls a file is thrown, nor stops whoever writes.
 *
 * @example
 * ```ts
 * const logFiles = new LogFiles({ onProblem: (message) => log.warn(message) });
 * const sink = logFiles.open({ path: "/var/log/web.log", maxBytes: 50_000_000, backups: 10 });
 * ```
 */
export class LogFiles implements AsyncDisposable {
  readonly #options: LogFilesOptions;
  readonly #files = new Map<string, LogFile>();
  /** Those with a descriptor, in the order of their last use. */
  readonly #open = new Set<LogFile>();
  readonly #remembered = new Set<LogFile>();
  #last: LogFile | undefined;

  constructor(options: LogFilesOptions) {
    this.#options = options;
  }

  /** How many files have a descriptor. */
  get openFiles(): number {
    return this.#open.size;
  }

  /**
   * The way of one output into its file. All that name one path share the file, and lines of theirs are never mixed; the
   * limits named last hold for all.
   */
  open(log: OutputLog): OutputSink {
    const settings = { ...log, path: resolve(log.path) };
    const file = this.#files.get(settings.path) ?? this.#make(settings);
    this.#remembered.delete(file);
    const writer = new LogWriter(file);
    file.attach(writer, settings);
    return writer;
  }

  /** Opens every file anew at its next write, between lines: somebody else has rotated them (SIGUSR1). */
  reopen(): void {
    for (const file of this.#files.values()) file.reopen();
  }

  /** Waits at most 5 s for slow readers of fifos, then closes every file. */
  async [Symbol.asyncDispose](): Promise<void> {
    const until = performance.now() + DRAIN_MS;
    const isPending = () => [...this.#open].some((file) => file.pendingBytes > 0);
    while (isPending() && performance.now() < until) await Bun.sleep(LOOK_MS);
    for (const file of this.#files.values()) file.finish();
    this.#files.clear();
    this.#remembered.clear();
  }

  #make(settings: OutputLog): LogFile {
    const file = new LogFile(settings, {
      onProblem: this.#options.onProblem,
      onUse: (used) => this.#used(used),
      onClose: (closed) => this.#closed(closed),
      onIdle: (idle) => this.#idle(idle),
      now: this.#options.now ?? (() => performance.now()),
    });
    this.#files.set(settings.path, file);
    return file;
  }

  #used(file: LogFile): void {
    if (this.#last === file) return;
    this.#last = file;
    this.#open.delete(file);
    this.#open.add(file);
    if (this.#open.size <= (this.#options.openFiles ?? OPEN_FILES)) return;
    for (const oldest of this.#open) {
      if (oldest.pendingBytes === 0) return oldest.close();
    }
  }

  #closed(file: LogFile): void {
    this.#open.delete(file);
    if (this.#last === file) this.#last = undefined;
  }

  #idle(file: LogFile): void {
    if (file.forgettable) return void this.#files.delete(file.path);
    this.#remembered.add(file);
    if (this.#remembered.size <= REMEMBERED_FILES) return undefined;
    for (const oldest of this.#remembered) {
      this.#remembered.delete(oldest);
      return void this.#files.delete(oldest.path);
    }
    return undefined;
  }
}
