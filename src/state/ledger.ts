import type { SpawnIntent, SpawnJournal, SpawnRecord } from "../manager/spawn-journal.ts";
import type { LedgerStore } from "./ledger-file.ts";
import { decodeHeader, encodeHeader, HEADER_BYTES, type LedgerHeader } from "./ledger-header.ts";
import {
  decodeRecord,
  encodeRecord,
  freeRecord,
  RECORD_BYTES,
  type RecordContext,
  recordedLabel,
} from "./ledger-record.ts";

/** Records added at a time: 64 KiB, written in full, so that a disk that fills up later still has room for them. */
const BLOCK_RECORDS = 256;
const block = Buffer.concat(Array.from({ length: BLOCK_RECORDS }, () => freeRecord));

/** What a ledger is opened with. */
export interface LedgerOptions {
  readonly store: LedgerStore;
  /** Name of its instance. */
  readonly instance: string;
  /** What every token of it begins with. */
  readonly tokenPrefix: string;
  /** What both are made from; kept here, too. */
  readonly id?: string;
  /** Whether {@link id} is new: tokens of an earlier life are not known then. */
  readonly isNew?: boolean;
  /** The boot we live in. */
  readonly bootId: string;
  /** Told, in a sentence, what is wrong with it. */
  warn(text: string): void;
}

const offset = (index: number): number => HEADER_BYTES + index * RECORD_BYTES;

const factOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * What runs, on disk: records of a fixed size, written in place, one write a step and none of them waited for. A step that
 * could not be written hurts nothing: its process is still found by its token and its control group.
 */
export class Ledger implements SpawnJournal, Disposable {
  readonly instance: string;
  readonly tokenPrefix: string;
  readonly folders: readonly string[];
  readonly #options: LedgerOptions;
  /** Where each process that is not gone is written: by its number, or by the record of an earlier life. */
  readonly #places = new Map<number | SpawnRecord, number>();
  /** What stands in each place that is taken. */
  readonly #held = new Map<number, SpawnIntent & Partial<SpawnRecord>>();
  /** Places that are free, the next one last. */
  #free: number[] = [];
  /** Records there is room for. */
  #size = 0;
  /** Control groups by number, as the header says. */
  #numbered: readonly string[];
  #complained = false;

  /** Reads what the last life wrote; what can't be trusted is told and moved aside. */
  constructor(options: LedgerOptions) {
    this.#options = options;
    this.instance = options.instance;
    this.tokenPrefix = options.tokenPrefix;
    this.#numbered = [];
    this.#load();
    this.folders = this.#numbered.filter((folder) => folder !== "");
  }

  get left(): readonly SpawnRecord[] {
    return [...this.#places.keys()].filter((key) => typeof key !== "number");
  }

  /** How many processes are written down that are not gone. */
  get size(): number {
    return this.#places.size;
  }

  #load(): void {
    const bytes = this.#read();
    if (bytes === undefined || bytes.length === 0) return this.#begin([]);
    const header = decodeHeader(bytes);
    if (header === undefined) return this.#distrust("it is damaged", []);
    if (header === "foreign") return this.#distrust("another version of gaffer wrote it", []);
    if (!this.#isOurs(header)) return this.#distrust("it is a copy of another one's", []);
    const isThisBoot = header.bootId === this.#options.bootId;
    this.#numbered = isThisBoot ? header.folders : [];
    const { records, damaged } = this.#decode(bytes.subarray(HEADER_BYTES));
    if (damaged && isThisBoot) {
      return this.#distrust(
        "records of it are damaged",
        records.filter((record) => record !== "free"),
      );
    }
    this.#size = records.length;
    // Whatever ran before the machine was started is gone.
    if (!isThisBoot || damaged) return this.#begin([]);
    for (const [index, record] of records.entries()) this.#place(index, record);
    this.#free.reverse();
    return undefined;
  }

  /** A folder may have been moved since; what was copied from elsewhere speaks of another's processes. */
  #isOurs({ instance, inode }: LedgerHeader): boolean {
    return inode === undefined ? instance === this.instance : inode === this.#options.store.inode?.();
  }

  #read(): Buffer | undefined {
    try {
      return this.#options.store.read();
    } catch (error) {
      this.#options.warn(`Cannot read the ledger: ${factOf(error)}; what is left is found without it`);
      return undefined;
    }
  }

  #decode(bytes: Buffer): { records: (SpawnRecord | "free")[]; damaged: boolean } {
    const count = Math.floor(bytes.length / RECORD_BYTES);
    const all = Array.from({ length: count }, (_, index) =>
      decodeRecord(bytes.subarray(index * RECORD_BYTES, (index + 1) * RECORD_BYTES), this.#context),
    );
    const records = all.filter((record) => record !== undefined);
    // A disk that was full when the file grew leaves a part of a free record; of any other, something is lost.
    const rest = bytes.subarray(count * RECORD_BYTES);
    const damaged = records.length < count || !rest.equals(freeRecord.subarray(0, rest.length));
    return { records, damaged };
  }

  get #context(): RecordContext {
    return { tokenPrefix: this.tokenPrefix, folders: this.#numbered };
  }

  #place(index: number, record: SpawnRecord | "free"): void {
    if (record === "free") {
      this.#free.push(index);
      return;
    }
    this.#places.set(record, index);
    this.#held.set(index, record);
  }

  /** Moves the file aside and begins another with what of it can be trusted. */
  #distrust(fact: string, records: readonly SpawnRecord[]): void {
    const { store } = this.#options;
    let where = "";
    try {
      where = `, kept as "${store.moveAside()}"`;
    } catch (error) {
      where = `, and cannot be moved aside (${factOf(error)})`;
    }
    const found = this.#options.isNew
      ? "what is left is found by control group alone, as the id of the folder is lost, too: where there are none, look for it yourself"
      : "what is left is found by control group and token, too";
    this.#options.warn(`The ledger is set aside: ${fact}${where}; ${found}`);
    this.#size = 0;
    this.#begin(records);
  }

  /** Writes the header, and every record anew. */
  #begin(records: readonly SpawnRecord[]): void {
    this.#writeHeader();
    for (let index = 0; index < this.#size; index++) {
      this.#put(index, freeRecord);
      this.#free.unshift(index);
    }
    if (this.#size === 0) this.#grow();
    for (const record of records) {
      const index = this.#takeFree();
      if (index === undefined) continue;
      this.#place(index, record);
      this.#put(index, encodeRecord(record, this.#context));
    }
  }

  #writeHeader(): boolean {
    const { bootId, id, store } = this.#options;
    const header: LedgerHeader = {
      bootId,
      instance: this.instance,
      folders: this.#numbered,
      id,
      inode: store.inode?.(),
    };
    const bytes = encodeHeader(header);
    if (bytes === undefined) return this.#complain("the names of its control groups are too long");
    return this.#write(bytes, 0) === bytes.length;
  }

  #put(index: number, bytes: Buffer): void {
    this.#write(bytes, offset(index));
  }

  /** @returns bytes written; 0 when it failed, which is told. */
  #write(bytes: Buffer, at: number): number {
    try {
      const written = this.#options.store.write(bytes, at);
      if (written < bytes.length) this.#complain("the disk is full");
      return written;
    } catch (error) {
      this.#complain(factOf(error));
      return 0;
    }
  }

  /** Says once what keeps it from being written, until that is over. */
  #complain(fact: string): false {
    if (!this.#complained) {
      this.#options.warn(`Cannot write the ledger: ${fact}; what runs is found by control group and token alone`);
    }
    this.#complained = true;
    return false;
  }

  #grow(): void {
    const first = this.#size;
    this.#size += Math.floor(this.#write(block, offset(first)) / RECORD_BYTES);
    for (let index = this.#size - 1; index >= first; index--) this.#free.push(index);
    if (this.#size === first + BLOCK_RECORDS) this.#complained = false;
  }

  #takeFree(): number | undefined {
    if (this.#free.length === 0) this.#grow();
    return this.#free.pop();
  }

  labelOf(label: string): string {
    return recordedLabel(label);
  }

  useFolder(folder: string): void {
    const held = [...this.#held.values()];
    const isUsed = (one: string): boolean => held.some((intent) => intent.folder?.startsWith(`${one}/`) === true);
    const kept = this.#numbered.map((one) => (one !== "" && isUsed(one) ? one : ""));
    const there = kept.indexOf(folder);
    const at = there >= 0 ? there : kept.indexOf("");
    this.#numbered = at < 0 ? [...kept, folder] : kept.with(at, folder);
    this.#writeHeader();
  }

  intend(intent: SpawnIntent): void {
    const index = this.#takeFree();
    if (index === undefined) return;
    this.#places.set(intent.id, index);
    this.#hold(index, intent);
  }

  #hold(index: number, intent: SpawnIntent & Partial<SpawnRecord>): void {
    this.#held.set(index, intent);
    this.#put(index, encodeRecord(intent, this.#context));
  }

  spawned(id: number, osPid: number, start: number | undefined): void {
    const index = this.#places.get(id);
    const intent = index === undefined ? undefined : this.#held.get(index);
    if (index === undefined || intent === undefined) return;
    this.#hold(index, { ...intent, osPid, ...(start === undefined ? {} : { start }) });
  }

  gone(id: number): void {
    this.#clear(id);
  }

  adopted(id: number, record: SpawnRecord): void {
    const index = this.#places.get(record);
    if (index === undefined) return;
    this.#places.delete(record);
    this.#places.set(id, index);
    this.#hold(index, { ...record, id });
  }

  forget(record: SpawnRecord): void {
    this.#clear(record);
  }

  #clear(key: number | SpawnRecord): void {
    const index = this.#places.get(key);
    if (index === undefined) return;
    this.#places.delete(key);
    this.#held.delete(index);
    this.#put(index, freeRecord);
    this.#free.push(index);
  }

  [Symbol.dispose](): void {
    this.#options.store.close();
  }
}
