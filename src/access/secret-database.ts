import { Database, SQLiteError } from "bun:sqlite";
import { chmodSync, closeSync, openSync } from "node:fs";
import { GafferError } from "../base/gaffer-error.ts";

/** How long we wait for another program that has the file, in milliseconds: `gaffer daemon --create-admin-user` beside a daemon. */
const BUSY_MS = 5000;

/**
 * Opens a database of secrets: its files are for their owner alone from the moment they are made.
 *
 * @param path - `:memory:` = none that lasts.
 * @param schema - statements that make what is not there yet.
 * @throws {@link GafferError} `state_unusable` if it can't be used, or is no database.
 */
export function openSecretDatabase(path: string, schema: string): Database {
  try {
    if (path !== ":memory:") makePrivate(path);
    const database = new Database(path, { create: true, strict: true });
    // The journal beside it gets the mode of the database from SQLite itself.
    database.run(`PRAGMA busy_timeout = ${BUSY_MS}`);
    database.run("PRAGMA journal_mode = DELETE");
    database.run("PRAGMA foreign_keys = ON");
    database.run("PRAGMA secure_delete = ON");
    database.run(schema);
    return database;
  } catch (error) {
    throw unusable(path, error);
  }
}

function makePrivate(path: string): void {
  closeSync(openSync(path, "a", 0o600));
  chmodSync(path, 0o600);
}

/** @returns the error that a failed use of a database is told as */
export function unusable(path: string, error: unknown): GafferError {
  const isCode = error instanceof Error && "code" in error;
  const fact = error instanceof SQLiteError ? error.message : isCode ? String(error.code) : String(error);
  return new GafferError(
    "state_unusable",
    `Cannot use the database ${JSON.stringify(path)}: ${fact} (move it away to begin with an empty one)`,
    { cause: error },
  );
}
