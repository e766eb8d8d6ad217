import { waitFor } from "./wait-for.ts";

/** One request that a {@link WebhookReceiver} got. */
export interface Received {
  readonly path: string;
  /** Of the other end: it tells connections apart. */
  readonly port: number | undefined;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly event: { readonly event: string; readonly name: string; readonly seq: number };
}

/** What is answered to a request; `at` counts them from 0. */
export type Answer = (received: Received, at: number) => Response | Promise<Response>;

/** An HTTP server on a port of its own that takes webhooks and answers what it is told to. */
export class WebhookReceiver implements AsyncDisposable {
  readonly received: Received[] = [];
  answer: Answer;
  readonly #server: Bun.Server<undefined>;

  constructor(answer: Answer = () => new Response(), tls?: Bun.TLSOptions) {
    this.answer = answer;
    this.#server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      idleTimeout: 0,
      ...(tls === undefined ? {} : { tls }),
      fetch: async (request, server) => {
        const port = server.requestIP(request)?.port;
        const { pathname, search } = new URL(request.url);
        const body = await request.text();
        const headers = Object.fromEntries(request.headers);
        const received = {
          path: pathname + search,
          port,
          method: request.method,
          headers,
          body,
          event: JSON.parse(body),
        };
        this.received.push(received);
        return this.answer(received, this.received.length - 1);
      },
    });
  }

  /** `http://127.0.0.1:PORT/hook` */
  get url(): string {
    return new URL("/hook", this.#server.url).href;
  }

  /** Kinds and jobs of what came. */
  get events(): string[] {
    return this.received.map(({ event }) => `${event.event} ${event.name}`);
  }

  /** Waits until so many requests came. */
  async has(count: number): Promise<void> {
    await waitFor(
      () => this.received.length >= count,
      () => `${count} webhooks, there are ${this.events.join(", ")}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
  }
}

/** An answer that never comes. */
export const never = (): Promise<Response> => new Promise(() => undefined);
