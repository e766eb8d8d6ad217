import type { Follower, OutputHub } from "../../../output/output-hub.ts";
import { WholeCharacters } from "../../../wire/whole-characters.ts";
import { ByteBacklog, type StreamPiece } from "./byte-backlog.ts";

/** What is read: an output of a process, or one of its custom streams. */
export interface OutputOrigin {
  /** gaffer's number of the process. */
  readonly id: number;
  readonly stream: string;
}

/** More than this is not left waiting until the turn is over, in bytes. */
const URGENT_BYTES = 65_536;

/** Reads one output of one process, from now on, for one who takes it in his own time. */
export class OutputReader {
  readonly #backlog = new ByteBacklog();
  readonly #characters = new WholeCharacters();
  readonly #follower: Follower;
  #isEnded = false;

  /**
   * @param wake - called when {@link next} may have more; urgently when so much waits that it should be taken before this call returns: a
   * burst is read in one turn, and what a quick reader could have had must not be lost.
   */
  constructor(hub: OutputHub, { id, stream }: OutputOrigin, wake: (isUrgent: boolean) => void) {
    const sink = {
      write: (bytes: Uint8Array) => {
        if (this.#backlog.bytes + bytes.length > URGENT_BYTES) wake(true);
        this.#backlog.push(bytes);
        wake(false);
      },
      end: () => {
        this.#isEnded = true;
        wake(false);
      },
    };
    this.#follower = hub.follow(
      (source) => source.id === id && source.stream === stream,
      () => sink,
    );
  }

  /** It was closed: nothing follows what {@link next} has. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /**
   * The next piece.
   *
   * @param isText - it is not cut within a character; bytes that are no text come as they are.
   */
  next(isText: boolean): StreamPiece | undefined {
    for (;;) {
      const piece = this.#backlog.take();
      if (piece === undefined || !(piece instanceof Uint8Array)) return this.#last(piece);
      const whole = this.#whole(piece, isText);
      if (whole.length > 0) return whole;
    }
  }

  #whole(piece: Uint8Array, isText: boolean): Uint8Array {
    if (isText) return this.#characters.push(piece);
    const held = this.#characters.flush();
    return held.length === 0 ? piece : Buffer.concat([held, piece]);
  }

  /** Before a gap and at the end half a character is told, too: its rest will not come. */
  #last(gap: StreamPiece | undefined): StreamPiece | undefined {
    if (gap === undefined && !this.#isEnded) return undefined;
    const held = this.#characters.flush();
    if (held.length === 0) return gap;
    if (gap !== undefined && "missed" in gap) this.#backlog.miss(gap.missed);
    return held;
  }

  close(): void {
    this.#follower.close();
    this.#backlog.clear();
  }
}
