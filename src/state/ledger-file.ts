import { closeSync, fstatSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";

/** Bytes on a disk that are written in place; nothing of it waits for the disk itself. */
export interface LedgerStore {
  /** All of it; undefined when there is none. */
  read(): Buffer | undefined;
  /**
   * Writes at an offset.
   *
   * @returns how many bytes; fewer than asked for where the disk is full.
   */
  write(bytes: Uint8Array, at: number): number;
  /** What tells this file from a copy of it; makes it if there is none. @returns undefined where that can't be known */
  inode?(): string | undefined;
  /** Moves it aside under a name that says when. @returns that name */
  moveAside(): string;
  close(): void;
}

/** A ledger's file, readable by its owner alone. */
export class LedgerFile implements LedgerStore {
  readonly #path: string;
  #fd: number | undefined;

  /** @param path - where it lies, or will. */
  constructor(path: string) {
    this.#path = path;
  }

  read(): Buffer | undefined {
    try {
      return readFileSync(this.#path);
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
      throw error;
    }
  }

  inode(): string | undefined {
    try {
      this.#fd ??= this.#open();
      return String(fstatSync(this.#fd).ino);
    } catch {
      return undefined;
    }
  }

  write(bytes: Uint8Array, at: number): number {
    // "r+" keeps what is there, and does not make a file: that is asked for only when there is none.
    this.#fd ??= this.#open();
    return writeSync(this.#fd, bytes, 0, bytes.length, at);
  }

  #open(): number {
    try {
      return openSync(this.#path, "r+");
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
      return openSync(this.#path, "wx+", 0o600);
    }
  }

  moveAside(): string {
    this.close();
    const now = new Date().toISOString().replaceAll(/[:.]/g, "-");
    const aside = `${this.#path}.corrupt-${now}`;
    renameSync(this.#path, aside);
    return aside;
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}
