import { closeSync, constants, fstatSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { GafferError } from "../base/gaffer-error.ts";
import { InstanceLock, type LockMachine } from "./instance-lock.ts";
import { Ledger } from "./ledger.ts";
import { LedgerFile } from "./ledger-file.ts";
import { decodeHeader } from "./ledger-header.ts";
import { makeStateFolder, unusable, wordsFor } from "./state-folder.ts";

/** How an instance is opened. */
export interface InstanceOptions {
  readonly machine: LockMachine;
  /** Told, in a sentence, what is wrong but keeps nothing from going on. */
  warn(text: string): void;
}

/** Hexadecimal digits of an instance's id. */
const ID_CHARS = 32;
/** Hexadecimal digits of its name, which anybody can see. */
const NAME_CHARS = 15;

const digest = (text: string): string => new Bun.CryptoHasher("sha256").update(text).digest("hex");

/** A gaffer that stays the same over its lives: a state folder, held by one life at a time, and what is written in it. */
export class Instance implements Disposable {
  /** Absolute, without links. */
  readonly folder: string;
  /** What runs, and what the last life left. */
  readonly ledger: Ledger;
  readonly #lock: InstanceLock;

  private constructor(folder: string, lock: InstanceLock, ledger: Ledger) {
    this.folder = folder;
    this.#lock = lock;
    this.ledger = ledger;
  }

  /**
   * Makes the folder if need be, locks it for our life, and reads what the last life left in it.
   *
   * @throws {@link GafferError} `instance_held` while another daemon has it; `state_unusable` when it can't be used.
   */
  static open(folder: string, options: InstanceOptions): Instance {
    const { machine } = options;
    const path = makeStateFolder(folder);
    const lock = InstanceLock.take(path, machine);
    try {
      const store = new LedgerFile(join(path, "ledger"));
      const known = readId(path) ?? rescueId(path, store, options);
      const id = known ?? makeId(path);
      const ledger = new Ledger({
        store,
        id,
        isNew: known === undefined,
        // By the place alone: control groups are found by it even when every file is lost. Never all digits.
        instance: `i${digest(`folder ${path} of ${process.geteuid?.()}`).slice(0, NAME_CHARS)}`,
        // Not to be guessed from what everybody can see.
        tokenPrefix: digest(`token ${id}`).slice(0, ID_CHARS),
        bootId: machine.bootId,
        warn: (text) => options.warn(text),
      });
      return new Instance(path, lock, ledger);
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
  }

  /** Closes the ledger and gives the folder free. */
  [Symbol.dispose](): void {
    this.ledger[Symbol.dispose]();
    this.#lock[Symbol.dispose]();
  }
}

const idFile = (folder: string): string => join(folder, "id");

/** The id of a folder; undefined when it has none yet, or is a copy of another one: the file knows its own inode. */
function readId(folder: string): string | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(idFile(folder), constants.O_RDONLY | constants.O_NOFOLLOW);
    const [, id, inode] = /^([0-9a-f]{32}) (\d+)\n$/.exec(readFileSync(fd, "latin1")) ?? [];
    return id !== undefined && inode === String(fstatSync(fd).ino) ? id : undefined;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw unusable(folder, `its id cannot be read: ${wordsFor(error)}`, error);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** The id that the ledger remembers when its own file is lost; it is written anew. */
function rescueId(folder: string, store: LedgerFile, options: InstanceOptions): string | undefined {
  const header = decodeHeader(readOrNothing(store));
  if (header === undefined || header === "foreign" || header.id === undefined) return undefined;
  if (header.inode === undefined || header.inode !== store.inode()) return undefined;
  options.warn("The id of the state folder was lost; the ledger still knows it");
  try {
    writeId(folder, header.id);
  } catch (error) {
    options.warn(error instanceof Error ? error.message : String(error));
  }
  return header.id;
}

function readOrNothing(store: LedgerFile): Buffer {
  try {
    return store.read() ?? Buffer.alloc(0);
  } catch {
    // The ledger itself will tell.
    return Buffer.alloc(0);
  }
}

function makeId(folder: string): string {
  const id = Buffer.from(crypto.getRandomValues(new Uint8Array(ID_CHARS / 2))).toString("hex");
  writeId(folder, id);
  return id;
}

function writeId(folder: string, id: string): void {
  const fresh = `${idFile(folder)}.new`;
  try {
    rmSync(fresh, { force: true });
    const fd = openSync(fresh, "wx", 0o600);
    try {
      const text = Buffer.from(`${id} ${fstatSync(fd).ino}\n`);
      if (writeSync(fd, text) < text.length) throw unusable(folder, "the disk is full");
    } finally {
      closeSync(fd);
    }
    renameSync(fresh, idFile(folder));
  } catch (error) {
    if (error instanceof GafferError) throw error;
    throw unusable(folder, `its id cannot be written: ${wordsFor(error)}`, error);
  }
}
