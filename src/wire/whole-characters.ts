const NOTHING = new Uint8Array();

/** How many bytes a character of UTF-8 has that begins with this one; 1 for what begins none. */
function lengthOf(first: number): number {
  if (first >= 0xf0 && first <= 0xf4) return 4;
  if (first >= 0xe0 && first <= 0xef) return 3;
  return first >= 0xc2 && first <= 0xdf ? 2 : 1;
}

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

/** Where the character begins that the end of these bytes cuts in two; their length when none is. */
function tornAt(bytes: Uint8Array): number {
  for (let at = bytes.length - 1; at >= 0 && at > bytes.length - 4; at--) {
    const byte = bytes[at] ?? 0;
    if (!isContinuation(byte)) return at + lengthOf(byte) > bytes.length ? at : bytes.length;
  }
  return bytes.length;
}

/** Cuts a stream of bytes only between the characters of UTF-8; no byte is changed, and none lost. */
export class WholeCharacters {
  #rest: Uint8Array = NOTHING;

  /** What can be sent of what came so far: at most 3 bytes of a character that is not whole wait for the next piece. */
  push(bytes: Uint8Array): Uint8Array {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const end = tornAt(all);
    this.#rest = end === all.length ? NOTHING : Uint8Array.from(all.subarray(end));
    return all.subarray(0, end);
  }

  /** What waits, as it is: nothing follows. */
  flush(): Uint8Array {
    const rest = this.#rest;
    this.#rest = NOTHING;
    return rest;
  }
}
