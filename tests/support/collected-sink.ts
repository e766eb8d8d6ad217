import type { ByteSink } from "../../src/output/byte-sink.ts";

/** A sink that keeps copies of all it was given. */
export class CollectedSink implements ByteSink {
  readonly chunks: Buffer[] = [];
  readonly gaps: number[] = [];
  length = 0;
  ends = 0;

  write(bytes: Uint8Array): void {
    this.chunks.push(Buffer.from(bytes));
    this.length += bytes.length;
  }

  gap(lostBytes: number): void {
    this.gaps.push(lostBytes);
  }

  end(): void {
    this.ends++;
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  get text(): string {
    return this.bytes.toString();
  }

  get lines(): string[] {
    return this.text.split("\n").slice(0, -1);
  }
}
