import type { Endpoint } from "../../base/endpoint.ts";
import { GafferError } from "../../base/gaffer-error.ts";
import { type Authenticator, Gate, type GateOptions, type GateRules } from "../../access/gate.ts";
import type { App } from "../../manager/app.ts";
import type { Feeds } from "../../server/feed.ts";
import { HttpEndpoint, type ServerTls } from "../../server/http-endpoint.ts";
import { HttpService } from "../../server/http-service.ts";
import { openApiRoute } from "./openapi.ts";
import { Router } from "../../server/router.ts";
import type { Route } from "../../server/route.ts";
import { Sockets } from "../../server/sockets.ts";

/** An address to listen on, and who may use it. */
export interface ApiEndpoint {
  readonly endpoint: Endpoint;
  readonly rules: GateRules;
  /** Permission bits of a unix socket. @defaultValue `0o600` */
  readonly socketMode?: number;
  /** Group number of a unix socket. */
  readonly socketGid?: number | undefined;
  /** Undefined = it speaks plain HTTP. */
  readonly tls?: ServerTls | undefined;
}

/** What the API works with. */
export interface HttpApiOptions {
  readonly endpoints: readonly ApiEndpoint[];
  readonly routes: readonly Route[];
  readonly feeds: Feeds;
  /** Of this gaffer. */
  readonly version: string;
  /** Our own user. */
  readonly uid: number;
  /** Knows whose a key is; needed where one is required. */
  readonly authenticator?: Authenticator | undefined;
  /** The user at the other end of a connection. @defaultValue as /proc tells, which is slow on a busy machine */
  readonly ownerOf?: GateOptions["ownerOf"];
  /** Told of a bug that a request met. */
  readonly onError: (error: unknown) => void;
}

/** How long what is being answered may take once everything else has ended, in milliseconds. */
const LAST_ANSWERS_MS = 1000;

/** The application by which a manager is controlled over HTTP: it answers from {@link open} until the manager has stopped. */
export class HttpApi implements App {
  readonly #options: HttpApiOptions;
  readonly #sockets: Sockets;
  readonly #router: Router;
  #open: readonly HttpEndpoint[] = [];

  constructor(options: HttpApiOptions) {
    this.#options = options;
    this.#sockets = new Sockets(options.onError);
    this.#router = new Router([...options.routes, openApiRoute(() => this.#router.routes, options.version)]);
  }

  /**
   * Answers these, too, from now on.
   *
   * @throws {@link GafferError} `usage` if there is such a route already; then none of them is taken.
   */
  addRoutes(routes: readonly Route[]): void {
    for (const route of routes) {
      const clash = this.#router.clashing(route);
      if (clash === undefined) continue;
      const [wanted, there] = [route, clash].map(({ method, path }) => `${method} ${path}`);
      throw new GafferError("usage", `Cannot add route ${wanted}: ${there} is served already`);
    }
    this.#router.add(routes);
  }

  /** Where it listens, with the ports that were chosen. */
  get endpoints(): readonly Endpoint[] {
    return this.#open.map((one) => one.endpoint);
  }

  /** Listens on every endpoint, or on none. @throws {@link GafferError} `port_busy` */
  async open(): Promise<void> {
    const opened: HttpEndpoint[] = [];
    try {
      for (const one of this.#options.endpoints) opened.push(await this.#listen(one));
    } catch (error) {
      for (const one of opened) await one[Symbol.asyncDispose]();
      throw error;
    }
    this.#open = opened;
  }

  /**
   * Takes over the certificates that endpoints shall have now. What runs over the old ones goes on.
   *
   * @param endpoints - found again by the address that was asked for; where they listen is not changed.
   * @returns those whose certificates have changed.
   * @throws {@link GafferError} `port_busy` if one can't be listened on any more.
   */
  renewTls(endpoints: readonly ApiEndpoint[]): readonly Endpoint[] {
    const renewed = this.#open.filter((one, index) => {
      // Several may have been asked for at one address: any free port of it.
      const before = this.#open.slice(0, index).filter((other) => other.isFor(one.asked)).length;
      const wanted = endpoints.filter(({ endpoint }) => one.isFor(endpoint))[before];
      return wanted !== undefined && one.renewTls(wanted.tls);
    });
    return renewed.map((one) => one.endpoint);
  }

  async #listen({ endpoint, rules, socketMode, socketGid, tls }: ApiEndpoint): Promise<HttpEndpoint> {
    const { uid, onError, ownerOf, authenticator } = this.#options;
    // The gate must know the port, which is chosen by the listening itself; no request comes before that has returned.
    let gate = new Gate({ ...rules, endpoint, uid, ownerOf, authenticator });
    const service = new HttpService({
      router: this.#router,
      sockets: this.#sockets,
      onError,
      gatekeeper: () => gate,
    });
    const opened = await HttpEndpoint.open(endpoint, {
      ...(socketMode === undefined ? {} : { mode: socketMode }),
      gid: socketGid,
      tls,
      handle: (request, server, at) => service.handle(request, server, at),
    });
    gate = new Gate({ ...rules, endpoint: opened.endpoint, uid, ownerOf, authenticator });
    return opened;
  }

  /** It listens already. */
  start(): void {
    // Opened before the first job was started: an address that is taken must keep everything from starting.
  }

  async stop(): Promise<void> {
    this.#options.feeds.end();
    this.#sockets.end();
    await Promise.all(this.#open.map((one) => one.close(LAST_ANSWERS_MS)));
    this.#open = [];
  }
}
