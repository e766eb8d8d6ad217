/** What must be known of a process to find and stop it, should gaffer be killed before it. */
export interface SpawnIntent {
  /** gaffer's own number of the process. */
  readonly id: number;
  /** `session.job.SLOT`; a very long one is cut and ends in a hash, see {@link SpawnJournal.labelOf}. */
  readonly label: string;
  /** Whether a next life adopts it instead of stopping it. */
  readonly detach: boolean;
  /** What asks it to stop. */
  readonly stopSignal: number;
  /** How long it may take to, in milliseconds. */
  readonly gracefulTimeoutMs: number;
  /** A hash of what it is spawned from, hex; empty where nobody will compare it. */
  readonly fingerprint: string;
  /** The mark in the environment of all its processes: {@link SpawnJournal.tokenPrefix} and 32 hexadecimal digits. */
  readonly token: string;
  /** Its own control group, absolute; undefined where its tree is held in another way. */
  readonly folder: string | undefined;
}

/** One process of an earlier life, as it was written down. */
export interface SpawnRecord extends SpawnIntent {
  /** Undefined when that life ended between the intent and the spawn, or right after it. */
  readonly osPid: number | undefined;
  /** Start time of that pid, in clock ticks since boot: the two name one process for ever. */
  readonly start: number | undefined;
}

/**
 * Where a host writes down what it runs, so that the next life finds what a killed one left: the intent before the spawn,
 * the pid after it, the end when nothing of the process is left. None of its calls throws.
 */
export interface SpawnJournal {
  /** Name of this gaffer among others of the machine, the same in every life. */
  readonly instance: string;
  /** What every token of this gaffer begins with, in every life; nobody else can guess it. */
  readonly tokenPrefix: string;
  /** What the last life wrote down and nobody has {@link forget | forgotten} or adopted yet. */
  readonly left: readonly SpawnRecord[];
  /** Control groups that lives before this one held their trees in. */
  readonly folders: readonly string[];
  /** A label as records hold it. */
  labelOf(label: string): string;
  /** Trees of this life are held in control groups below that one. */
  useFolder(folder: string): void;
  /** It will be spawned. */
  intend(intent: SpawnIntent): void;
  /** It is there. `start` is undefined when the machine does not tell. */
  spawned(id: number, osPid: number, start: number | undefined): void;
  /** Nothing of it is left, or it could not be spawned. */
  gone(id: number): void;
  /** A process of an earlier life goes on under the number `id`. */
  adopted(id: number, record: SpawnRecord): void;
  /** Nothing is left of a process of an earlier life. */
  forget(record: SpawnRecord): void;
}
