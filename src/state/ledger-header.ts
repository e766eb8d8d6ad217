import { seal, unseal } from "./ledger-record.ts";

/** Bytes before the first record: one page. */
export const HEADER_BYTES = 4096;

/** Grows by one when what is written changes its meaning. */
const FORMAT = 1;

/** What holds for all records of a ledger. */
export interface LedgerHeader {
  /** The boot its pids are of. */
  readonly bootId: string;
  /** Whose it is: a copied folder must not stop the processes of the first. */
  readonly instance: string;
  /** Control groups that trees are held in, by the number that records name them with; an empty one is nobody's. */
  readonly folders: readonly string[];
  /** The id of the instance, should its own file be lost. */
  readonly id?: string | undefined;
  /** The inode of the file it stands in: a copy has another. */
  readonly inode?: string | undefined;
}

/** A header as bytes; undefined when its folders are too long. */
export function encodeHeader(header: LedgerHeader): Buffer | undefined {
  return seal(JSON.stringify({ format: FORMAT, ...header }), HEADER_BYTES);
}

/** The header of a file. @returns `"foreign"` when it is of another version, undefined when it is damaged. */
export function decodeHeader(bytes: Buffer): LedgerHeader | "foreign" | undefined {
  const text = bytes.length < HEADER_BYTES ? undefined : unseal(bytes.subarray(0, HEADER_BYTES));
  if (text === undefined) return undefined;
  try {
    const header: LedgerHeader & { format: number } = JSON.parse(text);
    return header.format === FORMAT ? header : "foreign";
  } catch {
    return undefined;
  }
}
