import { basename, resolve } from "node:path";
import { didYouMean } from "../base/nearest.ts";
import { GafferError } from "../base/gaffer-error.ts";
import { toLegalName } from "../base/job-name.ts";
import { type CommandLine, readCommand } from "./command-rule.ts";
import { parseProcfile, type ProcfileEntry, procfileKind } from "./procfile-text.ts";
import { type Place, readSource, SourceText } from "./source-text.ts";

/** A job of a Procfile in the form that a daemon loads. */
export interface ProcfileJob {
  readonly name: string;
  readonly cmd: string;
  readonly args: readonly string[];
  readonly shell: boolean;
  readonly env: Readonly<Record<string, string>>;
  readonly numprocesses: number;
}

/** What a {@link Procfile} belongs to. */
export interface ProcfileOptions {
  /** Root folder of the application. @defaultValue the current directory */
  readonly root?: string;
  /** Environment of every job, from the .env files. @defaultValue `{}` */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * The jobs of an application: one `name: command` a line.
 *
 * @see gaffer 0.5 `gaffer/procfile.py`, whose names it keeps
 */
export class Procfile {
  /** Absolute root folder of the application. */
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  readonly #entries: ReadonlyMap<string, ProcfileEntry>;

  private constructor(entries: readonly ProcfileEntry[], { root = ".", env = {} }: ProcfileOptions) {
    this.root = resolve(root);
    this.env = env;
    this.#entries = new Map(entries.map((entry) => [entry.name, entry]));
  }

  /**
   * Reads a Procfile's text.
   *
   * @param file - its name in messages. @defaultValue `"Procfile"`
   * @throws {@link GafferError} `procfile_invalid` that names the place of everything wrong in it.
   */
  static parse(text: string, { file = "Procfile", ...options }: ProcfileOptions & { file?: string } = {}): Procfile {
    return new Procfile(parseProcfile(new SourceText(file, text, procfileKind)), options);
  }

  /**
   * Reads a Procfile from the disk.
   *
   * @param path - where it is.
   * @param options - `name` is what messages call it. @defaultValue `path`
   * @throws {@link GafferError} `procfile_missing` if there is none, `procfile_invalid` if it cannot be read or used.
   */
  static load(path: string, { name = path, ...options }: ProcfileOptions & { name?: string } = {}): Procfile {
    const source = readSource(path, procfileKind, name);
    if (source) return new Procfile(parseProcfile(source), options);
    const folder = resolve(path, "..");
    const wayOut = 'write one with a line such as "web: python3 -m http.server $PORT", or name another with -f';
    throw new GafferError(
      "procfile_missing",
      `Cannot find ${JSON.stringify(basename(path))}: there is none in ${folder}; ${wayOut}`,
    );
  }

  /** Names and command lines, in file order. */
  *processes(): Generator<readonly [name: string, line: string]> {
    for (const { name, line } of this.#entries.values()) yield [name, line];
  }

  /** Names in file order. */
  names(): string[] {
    return [...this.#entries.keys()];
  }

  /**
   * Where a job is defined.
   *
   * @throws {@link GafferError} `usage` that names the nearest job if there is none of this name.
   */
  placeOf(name: string): Place {
    return this.#entry(name).place;
  }

  /**
   * Where the command of a job begins.
   *
   * @throws {@link GafferError} `usage` that names the nearest job if there is none of this name.
   */
  commandPlaceOf(name: string): Place {
    return this.#entry(name).commandPlace;
  }

  /** Name of the application: that of its root folder, made legal. */
  getAppname(): string {
    return toLegalName(basename(this.root));
  }

  /**
   * A job in the form that a daemon loads.
   *
   * @param concurrency - processes of each job by name. @defaultValue 1 of each
   * @throws {@link GafferError} `usage` that names the nearest job if there is none of this name.
   */
  asDict(name: string, concurrency: ReadonlyMap<string, number> = new Map()): ProcfileJob {
    const { command } = this.#entry(name);
    return { name, ...command, env: this.env, numprocesses: concurrency.get(name) ?? 1 };
  }

  /**
   * How a command line is run.
   *
   * @throws {@link GafferError} `procfile_invalid` if a quote in it is never closed.
   */
  static parseCmd(line: string): CommandLine {
    try {
      return readCommand(line);
    } catch (error) {
      const fact = error instanceof Error ? error.message : String(error);
      throw new GafferError("procfile_invalid", `Cannot use command ${JSON.stringify(line)}: it has ${fact}`, {
        cause: error,
      });
    }
  }

  #entry(name: string): ProcfileEntry {
    const entry = this.#entries.get(name);
    if (entry) return entry;
    throw unknownJob(name, this.names());
  }
}

/** The error for a job name that the Procfile does not hold: names the nearest, and all there are. */
export function unknownJob(name: string, known: readonly string[]): GafferError {
  const all = known.length > 20 ? `${known.slice(0, 20).join(", ")} and ${known.length - 20} more` : known.join(", ");
  return new GafferError(
    "usage",
    `Cannot use job ${JSON.stringify(name)}: the Procfile has none of that name${didYouMean(name, known)}; it has ${all}`,
  );
}
