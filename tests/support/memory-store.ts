import type { LedgerStore } from "../../src/state/ledger-file.ts";

/** A ledger's bytes in memory, on a disk that can be made full or broken. */
export class MemoryStore implements LedgerStore {
  bytes: Buffer | undefined;
  /** Bytes the disk has room for. */
  limit: number = Infinity;
  /** What every call fails with. */
  error: Error | undefined;
  /** Names of what was moved aside. */
  readonly aside: Buffer[] = [];
  writes = 0;

  constructor(bytes?: Buffer) {
    this.bytes = bytes;
  }

  read(): Buffer | undefined {
    if (this.error !== undefined) throw this.error;
    return this.bytes && Buffer.from(this.bytes);
  }

  write(bytes: Uint8Array, at: number): number {
    if (this.error !== undefined) throw this.error;
    this.writes++;
    const old = this.bytes ?? Buffer.alloc(0);
    const count = Math.max(0, Math.min(bytes.length, Math.max(this.limit, old.length) - at));
    this.bytes = Buffer.concat([old, Buffer.alloc(Math.max(0, at + count - old.length))]);
    this.bytes.set(bytes.subarray(0, count), at);
    if (count === 0) throw new Error("ENOSPC: no space left on device");
    return count;
  }

  moveAside(): string {
    if (this.error !== undefined) throw this.error;
    if (this.bytes !== undefined) this.aside.push(this.bytes);
    this.bytes = undefined;
    return "ledger.corrupt-1";
  }

  close(): void {
    // Nothing is open.
  }
}
