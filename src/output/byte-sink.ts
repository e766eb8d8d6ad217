/** Where the bytes of one output of one process go. */
export interface ByteSink {
  /** Takes what was read. The bytes are the reader's own buffer, valid only during the call: keep a copy, not the view. */
  write(bytes: Uint8Array): void;
  /** The output is closed; nothing follows. A last line without newline is complete now. */
  end(): void;
}
