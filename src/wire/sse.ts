/** One event of an event stream. */
export interface SseEvent {
  /** What a reader that lost its connection resumes after. */
  readonly id?: string;
  /** Kind of it. @defaultValue `message` */
  readonly event?: string;
  /** Any text; each of its lines travels on its own. */
  readonly data: string;
}

/**
 * An event as text.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export function encodeSse({ id, event, data }: SseEvent): string {
  const head = `${id === undefined ? "" : `id: ${id}\n`}${event === undefined ? "" : `event: ${event}\n`}`;
  // A lone carriage return ends a line, too.
  const body = /[\r\n]/.test(data) ? data.split(/\r\n|\r|\n/).join("\ndata: ") : data;
  return `${head}data: ${body}\n\n`;
}

/** An event as it was received. */
export interface ReceivedEvent {
  /** The last id that was told, in this event or an earlier one. */
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/**
 * Makes events of the text of an event stream, however it is cut into pieces.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export class SseParser {
  readonly #take: (event: ReceivedEvent) => void;
  #rest = "";
  /** Told in the event that is being read; it counts once that event is whole. */
  #id = "";
  #lastId = "";
  #event = "";
  #data: string[] = [];

  /** @param take - called with each event that is complete. */
  constructor(take: (event: ReceivedEvent) => void) {
    this.#take = take;
  }

  /** The last id of what was heard whole; empty before the first. */
  get lastId(): string {
    return this.#lastId;
  }

  /** Forgets what was begun: another connection begins with a new event. */
  reset(): void {
    this.#rest = "";
    this.#id = this.#lastId;
    this.#event = "";
    this.#data = [];
  }

  /** Takes the next piece. */
  push(text: string): void {
    const all = this.#rest + text;
    // A carriage return at the very end may be the first half of a line's end.
    const usable = all.endsWith("\r") ? all.slice(0, -1) : all;
    const lines = usable.split(/\r\n|\r|\n/);
    this.#rest = (lines.pop() ?? "") + all.slice(usable.length);
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    if (colon === 0) return undefined;
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#event = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    return undefined;
  }

  #dispatch(): void {
    const [data, event] = [this.#data, this.#event];
    this.#data = [];
    this.#event = "";
    this.#lastId = this.#id;
    if (data.length > 0) this.#take({ id: this.#id, event: event === "" ? "message" : event, data: data.join("\n") });
  }
}
