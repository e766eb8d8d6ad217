import { type FSWatcher, watch } from "node:fs";
import { join } from "node:path";
import { GafferError } from "../base/gaffer-error.ts";
import { EPOLLIN, EpollSet } from "./epoll-set.ts";
import { type Libc, libc } from "./libc.ts";
import { isSame, type ProcStat } from "./proc-stat.ts";

/** pidfd_open(2), the same number on every architecture. */
const SYS_PIDFD_OPEN = 434;

/** How often all that are watched are asked for at once, in milliseconds: one call of about 2 µs, however many they are. */
const LOOK_MS = 1000;
/** The same while one of them was signalled not long ago. */
const HURRIED_MS = 20;
/** How long that is, in milliseconds: whoever lives on after it did not mind the signal. */
const HURRY_MS = 5000;

/** A process to watch. */
export interface Watched extends Pick<ProcStat, "pid" | "start"> {
  /** Its control group: the moment that is empty is told by the kernel. */
  readonly folder: string | undefined;
}

interface Entry extends Watched {
  readonly onDeath: () => void;
  readonly pidfd: number;
  readonly watcher: FSWatcher | undefined;
  /** Until when it is looked for more often. */
  hurriedUntil: number;
}

/** A process that is watched. */
export interface Watching {
  /** Its death may be near: it is looked for more often for a while. */
  hurry(): void;
  /** Ends the watch. */
  end(): void;
}

/**
 * Notices the death of processes that are no children of ours: at once when it leaves its control group empty, else within
 * a second, or 20 ms after a signal. A descriptor of a process sends no SIGIO, and this runtime waits for no descriptor that it can't read.
 */
export class DeathWatch implements Disposable {
  readonly #c: Libc | undefined;
  readonly #entries = new Map<number, Entry>();
  #set: EpollSet | undefined;
  #timer: Timer | undefined;
  #everyMs = 0;
  #lastToken = 0;

  /** @param options - `c`: the C library; undefined = processes are looked for by their pids. @defaultValue the machine's */
  constructor({ c }: { readonly c: Libc | undefined } = { c: libc() }) {
    this.#c = c;
  }

  /** Calls back once it is dead; never inside this call. */
  add(watched: Watched, onDeath: () => void): Watching {
    const token = ++this.#lastToken;
    const pidfd = this.#open(watched.pid, token);
    const entry = { ...watched, onDeath, pidfd, watcher: this.#watchGroup(watched.folder), hurriedUntil: 0 };
    this.#entries.set(token, entry);
    this.#setTimer();
    // The descriptor is of whoever had the pid by then.
    if (!isSame(watched)) queueMicrotask(() => this.#tell(token));
    const hurry = (): void => {
      entry.hurriedUntil = performance.now() + HURRY_MS;
      this.#setTimer();
    };
    return { hurry, end: () => this.#remove(token) };
  }

  #setTimer(): void {
    const now = performance.now();
    const isHurried = [...this.#entries.values()].some(({ hurriedUntil }) => hurriedUntil > now);
    const everyMs = this.#entries.size === 0 ? 0 : isHurried ? HURRIED_MS : LOOK_MS;
    if (everyMs === this.#everyMs) return;
    this.#everyMs = everyMs;
    clearInterval(this.#timer);
    this.#timer = everyMs === 0 ? undefined : setInterval(() => this.#look(), everyMs);
  }

  /** A descriptor of the process that the set waits for; -1 where there is none to be had: it is looked for by its pid. */
  #open(pid: number, token: number): number {
    if (this.#c === undefined) return -1;
    const pidfd = this.#c.syscall(SYS_PIDFD_OPEN, pid, 0, 0);
    if (pidfd < 0) return -1;
    try {
      this.#set ??= new EpollSet(this.#c);
      if (this.#set.add(pidfd, EPOLLIN, token)) return pidfd;
    } catch (error) {
      // This machine gives no further descriptor.
      if (!(error instanceof GafferError)) throw error;
    }
    this.#c.close(pidfd);
    return -1;
  }

  #watchGroup(folder: string | undefined): FSWatcher | undefined {
    try {
      return folder === undefined ? undefined : watch(join(folder, "cgroup.events"), () => this.#look());
    } catch {
      return undefined;
    }
  }

  #look(): void {
    const set = this.#set;
    for (let ready = set?.poll() ?? 0; ready > 0; ready = set?.poll() ?? 0) {
      const tokens = Array.from({ length: ready }, (_, index) => set?.token(index) ?? 0);
      for (const token of tokens) this.#tell(token);
    }
    for (const [token, entry] of this.#entries) if (entry.pidfd < 0 && !isSame(entry)) this.#tell(token);
    this.#setTimer();
  }

  #tell(token: number): void {
    const entry = this.#entries.get(token);
    this.#remove(token);
    entry?.onDeath();
  }

  #remove(token: number): void {
    const entry = this.#entries.get(token);
    if (entry === undefined) return;
    this.#entries.delete(token);
    entry.watcher?.close();
    if (entry.pidfd >= 0) this.#set?.remove(entry.pidfd);
    if (entry.pidfd >= 0) this.#c?.close(entry.pidfd);
    this.#setTimer();
  }

  [Symbol.dispose](): void {
    for (const token of this.#entries.keys()) this.#remove(token);
    this.#set?.close();
    this.#set = undefined;
  }
}

type Timer = ReturnType<typeof setInterval>;
