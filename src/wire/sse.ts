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
