import { signalName } from "../base/signals.ts";

/** The signals that reach this program. */
export interface SignalSource {
  /** Calls `listener` at each signal of this number, in place of what the signal would do. */
  on(signal: number, listener: () => void): void;
  /** Undoes {@link on}. */
  off(signal: number, listener: () => void): void;
}

/** What signals do to the program that a {@link SigHandler} serves. */
export interface SignalActions {
  /** End orderly: the first signal that asks for it. */
  quit(signal: number): void;
  /** End at once: every further one. */
  quitNow(signal: number): void;
  /** Read the configuration again; without it SIGHUP asks to end, since the terminal has gone. */
  reload?(): void;
  /** Passes SIGUSR1 and SIGUSR2 on; without it they are left alone, which ends the program. */
  forward?(signal: number): void;
}

/**
 * A signal that comes again this soon is the same request, in milliseconds: npm passes a Ctrl-C on that the terminal has sent to us
 * already. No hand presses it twice in that time.
 */
const ECHO_MS = 100;

const SIGHUP = 1;
const SIGUSR1 = 10;
const SIGUSR2 = 12;

/**
 * The application that turns signals into an orderly end, a reload, or signals for the jobs.
 *
 * @see gaffer 0.5 `gaffer/sig_handler.py`, whose names it keeps
 */
export class SigHandler {
  /** SIGQUIT, SIGTERM, SIGINT. */
  static readonly QUIT_SIGNALS: readonly number[] = [3, 15, 2];

  readonly #source: SignalSource;
  readonly #actions: SignalActions;
  #listeners: readonly (readonly [signal: number, listener: () => void])[] = [];
  readonly #now: () => number;
  /** The signal that asked for the end, and when. */
  #asked: { readonly signal: number; readonly at: number } | undefined;

  /** @param now - a clock that never jumps, in milliseconds; by it a second signal is told from an echo of the first. */
  constructor(source: SignalSource, actions: SignalActions, now: () => number = () => performance.now()) {
    this.#source = source;
    this.#actions = actions;
    this.#now = now;
  }

  /** Takes the signals over. */
  start(): void {
    this.stop();
    const reloads = this.#actions.reload !== undefined;
    const forwards = this.#actions.forward !== undefined;
    const quits = reloads ? SigHandler.QUIT_SIGNALS : [...SigHandler.QUIT_SIGNALS, SIGHUP];
    this.#listeners = [
      ...quits.map((signal) => [signal, () => this.handleQuit(signal)] as const),
      ...(reloads ? [[SIGHUP, () => this.handleReload()] as const] : []),
      ...(forwards ? [SIGUSR1, SIGUSR2].map((signal) => [signal, () => this.#actions.forward?.(signal)] as const) : []),
    ];
    for (const [signal, listener] of this.#listeners) this.#source.on(signal, listener);
  }

  /** Gives the signals back. */
  stop(): void {
    for (const [signal, listener] of this.#listeners) this.#source.off(signal, listener);
    this.#listeners = [];
  }

  restart(): void {
    this.start();
  }

  /** Does what the first, or a further, signal that asks for the end does; the same one again within 100 ms is no further one. */
  handleQuit(signal: number): void {
    const first = this.#asked;
    const now = this.#now();
    this.#asked ??= { signal, at: now };
    if (first === undefined) this.#actions.quit(signal);
    else if (first.signal !== signal || now - first.at > ECHO_MS) this.#actions.quitNow(signal);
  }

  /** Does what SIGHUP does to a program that can reload. */
  handleReload(): void {
    this.#actions.reload?.();
  }
}

/** This process's own signals. */
export function processSignals(emitter: {
  on(name: string, listener: () => void): unknown;
  off(name: string, listener: () => void): unknown;
}): SignalSource {
  return {
    on: (signal, listener) => void emitter.on(signalName(signal), listener),
    off: (signal, listener) => void emitter.off(signalName(signal), listener),
  };
}
