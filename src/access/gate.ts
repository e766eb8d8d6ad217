import { type Caller, NOBODY, OWNER } from "../base/caller.ts";
import { type Endpoint, isLocal } from "../base/endpoint.ts";
import { GafferError } from "../base/gaffer-error.ts";
import type { SocketAddress } from "../base/ip-address.ts";
import { isOurName } from "./host-header.ts";
import { corsHeaders, isPartOfForeignPage, isSameOrigin } from "./origin.ts";
import { peerOwner } from "./peer-owner.ts";

/** Who may use an endpoint. */
export interface GateRules {
  /** Origins whose pages may use it from a browser. */
  readonly corsOrigins: readonly string[];
  /** Names it is known by, besides addresses, `localhost` and the bound name. */
  readonly allowedHosts: readonly string[];
  /** Lets anybody in who can connect. */
  readonly insecure: boolean;
  /** Asks for a key instead of looking at who connects. */
  readonly requireKey: boolean;
}

/** Knows whose a key is. */
export interface Authenticator {
  /** Undefined = nobody's. */
  callerOf(key: string): Caller | undefined;
}

/** One request, as far as it matters here. */
export interface Visit {
  readonly headers: Headers;
  readonly peer: SocketAddress | undefined;
}

/** What a {@link Gate} works with. */
export interface GateOptions extends GateRules {
  /** With the port that is bound. */
  readonly endpoint: Endpoint;
  /** Our own user. */
  readonly uid: number;
  /** The user at the other end of a connection. @defaultValue {@link peerOwner} */
  readonly ownerOf?: ((peer: SocketAddress, own: SocketAddress) => number | undefined) | undefined;
  /** Needed where a key is required. */
  readonly authenticator?: Authenticator | undefined;
}

const forbidden = (message: string): GafferError => new GafferError("forbidden", message);

/**
 * Decides who may come in by one endpoint.
 *
 * @remarks A unix socket is guarded by its permission bits. Over TCP only programs of our own user or root come in, found by the owner
 * of their socket, under a name that is ours; where a key is required, whoever shows one. Wherever it comes from, a page of another
 * origin is kept out unless that was listed.
 */
export class Gate {
  readonly #options: GateOptions;
  readonly #names: readonly string[];
  /** The Host header that was found to be ours last: nearly always that of the next request, too. */
  #ourName: string | undefined;

  constructor(options: GateOptions) {
    this.#options = options;
    const { endpoint, allowedHosts } = options;
    this.#names = endpoint.kind === "tcp" ? [endpoint.host, ...allowedHosts] : allowedHosts;
  }

  /** Lets a request in. @returns headers for its answer. @throws {@link GafferError} `forbidden`, with the reason */
  admit(visit: Visit): Readonly<Record<string, string>> {
    const { endpoint, requireKey } = this.#options;
    if (endpoint.kind === "tcp" && !requireKey) this.#checkTcp(visit);
    return this.#checkOrigin(visit.headers);
  }

  /**
   * Who asks.
   *
   * @param isOpen - it is served without a key, too.
   * @throws {@link GafferError} `unauthorized` if a key is needed and none is shown, `forbidden` if it is nobody's.
   */
  callerOf(headers: Headers, isOpen: boolean): Caller {
    if (!this.#options.requireKey) return OWNER;
    const key = keyIn(headers);
    if (key !== undefined)
      return isOpen ? (this.#options.authenticator?.callerOf(key) ?? NOBODY) : this.authenticate(key);
    if (isOpen) return NOBODY;
    throw new GafferError("unauthorized", "Cannot serve a request without a key: send one as X-Api-Key");
  }

  /** Whose key this is; where none is required, anybody's. @throws {@link GafferError} `forbidden` if it is nobody's */
  authenticate(key: string): Caller {
    if (!this.#options.requireKey) return OWNER;
    const caller = this.#options.authenticator?.callerOf(key);
    if (caller !== undefined) return caller;
    throw forbidden("Cannot serve a request with this key: it is not known, or was taken back");
  }

  #checkTcp({ headers, peer }: Visit): void {
    const host = headers.get("host") ?? "";
    if (host !== this.#ourName && !isOurName(host, this.#names)) {
      throw forbidden(
        `Cannot serve host ${JSON.stringify(host)}: it is not a name of this daemon (list it in allowed_hosts)`,
      );
    }
    this.#ourName = host;
    if (!this.#options.insecure) this.#checkPeer(peer);
  }

  #checkPeer(peer: SocketAddress | undefined): void {
    const { endpoint, uid, ownerOf = peerOwner } = this.#options;
    if (endpoint.kind !== "tcp") return;
    // The address they reached us by is that of their side: on loopback both ends are the same.
    const owner =
      peer === undefined ? undefined : ownerOf(peer, { address: ownAddress(endpoint, peer), port: endpoint.port });
    if (owner === uid || owner === 0) return;
    // Elsewhere than on Linux nobody can know, and a daemon of root's must not be had by everybody.
    if (owner === undefined && process.platform !== "linux" && uid !== 0) return;
    const who = owner === undefined ? "a program whose user can't be known" : `user ${owner}`;
    throw forbidden(`Cannot serve ${who}: without a key this endpoint serves user ${uid} and root only`);
  }

  #checkOrigin(headers: Headers): Readonly<Record<string, string>> {
    const origin = headers.get("origin");
    const { corsOrigins } = this.#options;
    if (origin !== null && corsOrigins.includes(origin)) return corsHeaders(origin);
    if (origin !== null && !isSameOrigin(origin, headers.get("host"))) {
      throw forbidden(`Cannot serve a page of origin ${JSON.stringify(origin)}: it is not listed in cors_origins`);
    }
    if (origin === null && isPartOfForeignPage(headers)) {
      throw forbidden("Cannot serve a part of another origin's page: pages of those in cors_origins ask by CORS");
    }
    // What a cache keeps for us must not be told to a listed origin, which needs other headers.
    return corsOrigins.length === 0 ? NO_HEADERS : VARY;
  }
}

const NO_HEADERS: Readonly<Record<string, string>> = {};
const VARY: Readonly<Record<string, string>> = { vary: "Origin" };

/** The key that a request shows: `X-Api-Key`, or a bearer token. */
function keyIn(headers: Headers): string | undefined {
  const own = headers.get("x-api-key")?.trim();
  if (own !== undefined && own !== "") return own;
  return /^Bearer +(\S+) *$/i.exec(headers.get("authorization") ?? "")?.[1];
}

function ownAddress({ host }: Endpoint & { kind: "tcp" }, peer: SocketAddress): string {
  if (/^\d/.test(host) || host.includes(":")) return host;
  return peer.address.includes(":") ? "::1" : "127.0.0.1";
}

/**
 * Refuses an endpoint that would let in whoever reaches it.
 *
 * @throws {@link GafferError} `usage`
 */
export function refuseOpenDoor(
  endpoint: Endpoint,
  { insecure, requireKey }: Pick<GateRules, "insecure" | "requireKey">,
  shown: string,
): void {
  if (isLocal(endpoint) || insecure || requireKey) return;
  throw new GafferError(
    "usage",
    `Cannot listen on ${shown}: beyond loopback a key is needed (require_key = true); ` +
      "bind 127.0.0.1 or a unix socket, or set insecure = true to let in everybody who can connect",
  );
}
