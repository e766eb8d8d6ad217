import { Database, type SQLQueryBindings } from "bun:sqlite";
import { closeSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { GafferError } from "../base/gaffer-error.ts";

/** What a {@link PrivateDatabase} is. */
export interface PrivateDatabaseOptions {
  /** `:memory:` = it is gone at the end. Its folder must be there. */
  readonly path: string;
  /** What it holds, for messages: `key store`. */
  readonly what: string;
  /** Statements that make its tables. */
  readonly schema: string;
}

/** A query, and what its rows say. */
export interface Select<Row, Record> {
  readonly sql: string;
  /** @defaultValue none */
  readonly values?: readonly SQLQueryBindings[];
  /** What it throws means that the row is damaged. */
  readonly read: (row: Row) => Record;
}

/** Version of the tables, kept as `user_version`. */
const LAYOUT = 1;
/** How long another program that writes may hold us up, in milliseconds: we write in one, and hardly ever. */
const BUSY_MS = 2000;
const OTHERS = 0o077;
const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;
/** What SQLite puts beside a database, with the database's own permission bits. @see https://sqlite.org/tempfiles.html */
const COMPANIONS = ["-journal", "-wal", "-shm"];

const codeOf = (error: unknown): string => (error instanceof Error && "code" in error ? String(error.code) : "");

/** What a refusal of SQLite or of the file system means, by the beginning of its code. */
const words: readonly (readonly [code: string, meaning: string])[] = [
  ["SQLITE_NOTADB", "it is damaged, or no database of gaffer's"],
  ["SQLITE_CORRUPT", "it is damaged"],
  ["SQLITE_BUSY", "another program holds it"],
  ["SQLITE_FULL", "the disk is full"],
  ["SQLITE_READONLY", "it can't be written"],
  ["SQLITE_CANTOPEN", "it can't be opened"],
  ["SQLITE_IOERR", "the disk fails"],
  ["EACCES", "permission denied"],
  ["EPERM", "permission denied"],
  ["ENOENT", "its folder does not exist"],
  ["ENOTDIR", "a part of its path is no folder"],
  ["EROFS", "its file system is read-only"],
  ["ENOSPC", "the disk is full"],
];

function meaningOf(error: unknown): string {
  const code = codeOf(error);
  const known = words.find(([start]) => code.startsWith(start))?.[1];
  return known ?? (error instanceof Error ? error.message : String(error));
}

/**
 * A small database of secrets: only its owner may read its files, from the moment they are made.
 *
 * @remarks Every failure is a {@link GafferError} `state_unusable` that names the file and what is wrong with it.
 */
export class PrivateDatabase implements Disposable {
  readonly #options: PrivateDatabaseOptions;
  readonly #database: Database;

  private constructor(options: PrivateDatabaseOptions, database: Database) {
    this.#options = options;
    this.#database = database;
  }

  /**
   * Opens a database, makes it where there is none.
   *
   * @throws {@link GafferError} `state_unusable` if it is damaged, can't be had, others may read it, or its tables are not those of this version.
   */
  static open(options: PrivateDatabaseOptions): PrivateDatabase {
    const { path } = options;
    let database: Database | undefined;
    try {
      if (path !== ":memory:") makePrivate(path, options);
      database = path === ":memory:" ? new Database(path) : new Database(path, { readwrite: true, create: false });
      const opened = new PrivateDatabase(options, database);
      opened.#prepare();
      return opened;
    } catch (error) {
      database?.close();
      throw failure(options, error);
    }
  }

  #prepare(): void {
    const database = this.#database;
    database.run(`PRAGMA busy_timeout = ${BUSY_MS}`);
    // What was deleted is not to be found in free pages.
    database.run("PRAGMA secure_delete = ON");
    database.run("PRAGMA synchronous = FULL");
    const check = database.query<{ quick_check: string }, []>("PRAGMA quick_check").get()?.quick_check;
    if (check !== "ok") throw refused(this.#options, `it is damaged (${check})`);
    database.transaction(() => this.#makeTables()).immediate();
  }

  #makeTables(): void {
    const database = this.#database;
    const layout = database.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0;
    if (layout === LAYOUT) return;
    if (layout > LAYOUT) throw refused(this.#options, "a newer gaffer made it");
    const tables = database.query<{ count: number }, []>("SELECT count(*) AS count FROM sqlite_schema").get()?.count;
    if (layout !== 0 || tables !== 0) throw refused(this.#options, "its tables are not those of this gaffer");
    database.run(this.#options.schema);
    database.run(`PRAGMA user_version = ${LAYOUT}`);
  }

  /** What the rows of a query say. */
  all<Row, Record>({ sql, values = [], read }: Select<Row, Record>): Record[] {
    const rows = this.#guard(() => this.#database.query<Row, SQLQueryBindings[]>(sql).all(...values));
    return rows.map((row) => this.#read(row, read));
  }

  /** What the first row of a query says. */
  first<Row, Record>({ sql, values = [], read }: Select<Row, Record>): Record | undefined {
    const row = this.#guard(() => this.#database.query<Row, SQLQueryBindings[]>(sql).get(...values));
    return row === null ? undefined : this.#read(row, read);
  }

  #read<Row, Record>(row: Row, read: (row: Row) => Record): Record {
    try {
      return read(row);
    } catch (error) {
      throw refused(this.#options, "it is damaged", { cause: error });
    }
  }

  /** Carries a statement out. @returns how many rows it changed. */
  run(sql: string, ...values: SQLQueryBindings[]): number {
    return this.#guard(() => this.#database.query(sql).run(...values).changes);
  }

  /** Carries out all of it, or nothing. */
  atomically<Result>(work: () => Result): Result {
    return this.#guard(() => this.#database.transaction(work).immediate());
  }

  #guard<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw failure(this.#options, error);
    }
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }
}

/** The file as its owner's alone, before SQLite sees it. */
function makePrivate(path: string, options: PrivateDatabaseOptions): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
  const folder = statSync(dirname(path));
  if ((folder.mode & OTHERS_WRITE) !== 0 && (folder.mode & STICKY) === 0) {
    throw refused(options, "others may change its folder", { way: `chmod go-w ${dirname(path)}` });
  }
  for (const name of [path, ...COMPANIONS.map((end) => `${path}${end}`)]) checkFile(name, options);
}

function checkFile(path: string, options: PrivateDatabaseOptions): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isFile()) throw refused(options, "it is no file");
  if (found.uid !== process.geteuid?.()) throw refused(options, `it belongs to another user (uid ${found.uid})`);
  const mode = (found.mode & 0o777).toString(8).padStart(4, "0");
  if ((found.mode & OTHERS) !== 0)
    throw refused(options, `others may use it (mode ${mode})`, { way: `chmod 600 ${path}` });
}

const RESTORE = "restore it, or move it away for an empty one";

function refused(
  { what, path }: PrivateDatabaseOptions,
  fact: string,
  { way = RESTORE, cause }: { readonly way?: string; readonly cause?: unknown } = {},
): GafferError {
  return new GafferError("state_unusable", `Cannot use ${what} "${path}": ${fact} (${way})`, { cause });
}

function failure(options: PrivateDatabaseOptions, error: unknown): GafferError {
  if (error instanceof GafferError) return error;
  const { what, path } = options;
  const hint = /^SQLITE_(NOTADB|CORRUPT)/.test(codeOf(error)) ? ` (${RESTORE})` : "";
  return new GafferError("state_unusable", `Cannot use ${what} "${path}": ${meaningOf(error)}${hint}`, {
    cause: error,
  });
}
