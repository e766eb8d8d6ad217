const WORD_BYTES = 4;

/** Bytes that are put before many lines, ready to be stored four at a time. */
export class LinePrefix {
  /** How many bytes it has. */
  readonly length: number;
  /** The bytes, filled up with zeros to whole words of this machine's order. */
  readonly words: Uint32Array;
  readonly bytes: Buffer;

  constructor(text: string) {
    this.bytes = Buffer.from(text);
    this.length = this.bytes.length;
    this.words = new Uint32Array(Math.ceil(this.length / WORD_BYTES));
    new Uint8Array(this.words.buffer).set(this.bytes);
  }
}
