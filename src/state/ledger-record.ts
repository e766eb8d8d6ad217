import type { SpawnIntent, SpawnRecord } from "../manager/spawn-journal.ts";

/** Bytes of one record. A write of it lies within one page, and so is never seen half done. */
export const RECORD_BYTES = 256;

/** Bytes of the checksum and the newline at the end of a text that is {@link seal | sealed}. */
const SEAL_BYTES = 10;

/** The longest label that stands in a record as it is, in characters. */
const LABEL_CHARS = 96;
const HASH_CHARS = 16;

/** A label as records hold it: a very long one is cut, and told from others by a hash. */
export function recordedLabel(label: string): string {
  if (label.length <= LABEL_CHARS) return label;
  const hash = new Bun.CryptoHasher("sha256").update(label).digest("hex").slice(0, HASH_CHARS);
  return `${label.slice(0, LABEL_CHARS - HASH_CHARS - 1)}~${hash}`;
}

/** What stands in a record besides its {@link SpawnIntent}: how its token and its folder are written. */
export interface RecordContext {
  /** What every token begins with: left out. */
  readonly tokenPrefix: string;
  /** Control groups, by number. */
  readonly folders: readonly string[];
}

const checksum = (bytes: Uint8Array): string => Bun.hash.crc32(bytes).toString(16).padStart(8, "0");

/**
 * Makes a text exactly `length` bytes: filled up with spaces, its checksum and a newline at the end.
 *
 * @returns undefined when it is too long.
 */
export function seal(text: string, length: number): Buffer | undefined {
  const bytes = Buffer.alloc(length, " ");
  if (Buffer.byteLength(text) > length - SEAL_BYTES) return undefined;
  bytes.write(text);
  bytes.write(`${checksum(bytes.subarray(0, length - SEAL_BYTES))}\n`, length - SEAL_BYTES + 1);
  return bytes;
}

/** The text that was {@link seal | sealed}; undefined when it is not what was written. */
export function unseal(bytes: Buffer): string | undefined {
  const end = bytes.length - SEAL_BYTES;
  if (bytes.toString("latin1", end) !== ` ${checksum(bytes.subarray(0, end))}\n`) return undefined;
  return bytes.toString("utf8", 0, end).trimEnd();
}

const FREE = "-";

/** A record that holds nothing. */
export const freeRecord: Buffer = seal(FREE, RECORD_BYTES) ?? Buffer.alloc(RECORD_BYTES);

/** Words of a record; `-` stands for what is not there. */
const columns = 11;

function folderWords(folder: string | undefined, folders: readonly string[]): [number: string, leaf: string] {
  const cut = folder?.lastIndexOf("/") ?? -1;
  const number = folder === undefined ? -1 : folders.indexOf(folder.slice(0, cut));
  return folder === undefined || number < 0 ? ["-", "-"] : [String(number), folder.slice(cut + 1)];
}

/** A process as one record. */
export function encodeRecord(
  intent: SpawnIntent & Partial<SpawnRecord>,
  { tokenPrefix, folders }: RecordContext,
): Buffer {
  const { id, osPid = "-", start = "-", detach, stopSignal, gracefulTimeoutMs, token, fingerprint, label } = intent;
  const [folder, leaf] = folderWords(intent.folder, folders);
  const words = [id, osPid, start, detach ? "d" : "-", stopSignal, Math.round(gracefulTimeoutMs), folder, leaf];
  const marks = [token.slice(tokenPrefix.length), fingerprint === "" ? "-" : fingerprint];
  // The largest values of each leave room to spare: this is never too long.
  return seal([...words, ...marks, label].join(" "), RECORD_BYTES) ?? freeRecord;
}

const wordOf = (word: string | undefined): string | undefined => (word === "-" ? undefined : word);
const numberOf = (word: string | undefined): number | undefined => {
  const given = wordOf(word);
  return given === undefined ? undefined : Number(given);
};

/**
 * The process of a record.
 *
 * @returns `"free"` when it holds none, undefined when it is damaged.
 */
export function decodeRecord(bytes: Buffer, { tokenPrefix, folders }: RecordContext): SpawnRecord | "free" | undefined {
  const text = unseal(bytes);
  if (text === undefined || text === FREE) return text === undefined ? undefined : "free";
  const words = text.split(" ");
  return words.length === columns ? readWords(words, { tokenPrefix, folders }) : undefined;
}

function readWords(words: readonly string[], { tokenPrefix, folders }: RecordContext): SpawnRecord | undefined {
  const [id, osPid, start, detach, stopSignal, graceful, folder, leaf, token, fingerprint] = words;
  const numbers = [id, stopSignal, graceful].map(Number);
  if (!numbers.every(Number.isSafeInteger)) return undefined;
  const [idNumber = 0, signal = 0, gracefulTimeoutMs = 0] = numbers;
  const parent = folders[Number(folder)];
  return {
    id: idNumber,
    label: words.at(-1) ?? "",
    detach: detach === "d",
    stopSignal: signal,
    gracefulTimeoutMs,
    fingerprint: wordOf(fingerprint) ?? "",
    token: `${tokenPrefix}${token}`,
    folder: parent === undefined ? undefined : `${parent}/${leaf}`,
    osPid: numberOf(osPid),
    start: numberOf(start),
  };
}
