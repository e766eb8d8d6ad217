import { waitFor } from "./wait-for.ts";

/** One event as it came. */
export interface HeardEvent {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: unknown;
}

/** Reads an event stream: what it said so far, in order. */
export class EventReader implements AsyncDisposable {
  readonly events: HeardEvent[] = [];
  /** Comments, which readers skip: heartbeats. */
  comments = 0;
  ended = false;
  readonly #abort: AbortController;
  readonly #done: Promise<void>;

  private constructor(response: Response, abort: AbortController) {
    this.#abort = abort;
    this.#done = this.#read(response);
  }

  /** Opens one. @throws if the answer is no event stream. */
  static async open(fetching: (signal: AbortSignal) => Promise<Response>): Promise<EventReader> {
    const abort = new AbortController();
    const response = await fetching(abort.signal);
    const type = response.headers.get("content-type");
    if (type !== "text/event-stream") throw new Error(`${response.status} ${type}: ${await response.text()}`);
    return new EventReader(response, abort);
  }

  async #read({ body }: Response): Promise<void> {
    let text = "";
    const decoder = new TextDecoder();
    try {
      for await (const chunk of body ?? []) {
        text += decoder.decode(chunk, { stream: true });
        const blocks = text.split("\n\n");
        text = blocks.pop() ?? "";
        for (const block of blocks) this.#take(block);
      }
    } catch (error) {
      if (!this.#abort.signal.aborted) throw error;
    }
    this.ended = true;
  }

  #take(block: string): void {
    const lines = block.split("\n");
    const field = (name: string): string[] =>
      lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2));
    if (lines[0]?.startsWith(":") === true) {
      this.comments++;
      return;
    }
    // A block without data is no event: it only says where a reader that comes back resumes.
    if (field("data").length === 0) return;
    const text = field("data").join("\n");
    const [[id], [event]] = [field("id"), field("event")];
    const data: unknown = text.startsWith("{") ? JSON.parse(text) : text;
    this.events.push({ id, event, data });
  }

  /** Numbers of the events, as their ids say. */
  get seqs(): number[] {
    return this.events.filter(({ event }) => event !== "gap").map(({ id }) => Number(id?.split("-")[1]));
  }

  get kinds(): (string | undefined)[] {
    return this.events.map(({ event }) => event);
  }

  /** Waits until what came passes. */
  async until(passes: (reader: this) => boolean): Promise<void> {
    await waitFor(
      () => passes(this),
      () => `an event, after ${JSON.stringify(this.events.slice(-20))}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort();
    await this.#done;
  }
}
