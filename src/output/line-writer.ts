/** Where finished lines go: the standard output of `gaffer start`, a test. */
export interface LineWriter {
  /**
   * Takes one or more whole lines, each ending in a newline. The bytes are valid only during the call. Never blocks; what
   * can't be written is told by a line of its own.
   */
  write(lines: Uint8Array): void;
}
