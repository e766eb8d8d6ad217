const NONE = new Uint8Array(0);

/**
 * The bytes at the end of a text that begin a character whose rest has not come.
 *
 * @param before - such bytes that came before `bytes`.
 * @returns three bytes at most, a copy.
 * @see RFC 3629
 */
export function unfinishedTail(bytes: Uint8Array, before: Uint8Array = NONE): Uint8Array {
  // The beginning of a character is no further back than three bytes.
  const end = bytes.length < 3 ? Buffer.concat([before, bytes]) : bytes;
  for (let back = 1; back <= Math.min(3, end.length); back++) {
    const byte = end[end.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    return lengthBy(byte) > back ? Uint8Array.from(end.subarray(-back)) : NONE;
  }
  return NONE;
}

/** How long a character is that begins with this byte. */
function lengthBy(first: number): number {
  if (first >= 0xf0) return 4;
  if (first >= 0xe0) return 3;
  return first >= 0xc0 ? 2 : 1;
}
