import { type Endpoint, isLocal } from "../base/endpoint.ts";
import { GafferError } from "../base/gaffer-error.ts";
import type { SocketAddress } from "../base/ip-address.ts";
import { isOurName } from "./host-header.ts";
import { corsHeaders, isSameOrigin } from "./origin.ts";
import { peerOwner } from "./peer-owner.ts";

/** Who may use an endpoint. */
export interface GateRules {
  /** Origins whose pages may use it from a browser. */
  readonly corsOrigins: readonly string[];
  /** Names it is known by, besides addresses, `localhost` and the bound name. */
  readonly allowedHosts: readonly string[];
  /** Lets anybody in who can connect. */
  readonly insecure: boolean;
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
}

const forbidden = (message: string): GafferError => new GafferError("forbidden", message);

/**
 * Decides who may come in by one endpoint.
 *
 * @remarks A unix socket is guarded by its permission bits. Over TCP only programs of our own user or root come in, found by the owner
 * of their socket, under a name that is ours. Wherever it comes from, a page of another origin is kept out unless that was listed.
 */
export class Gate {
  readonly #options: GateOptions;
  readonly #names: readonly string[];

  constructor(options: GateOptions) {
    this.#options = options;
    const { endpoint, allowedHosts } = options;
    this.#names = endpoint.kind === "tcp" ? [endpoint.host, ...allowedHosts] : allowedHosts;
  }

  /** Lets a request in. @returns headers for its answer. @throws {@link GafferError} `forbidden`, with the reason */
  admit(visit: Visit): Readonly<Record<string, string>> {
    if (this.#options.endpoint.kind === "tcp") this.#checkTcp(visit);
    return this.#checkOrigin(visit.headers);
  }

  #checkTcp({ headers, peer }: Visit): void {
    const host = headers.get("host") ?? "";
    if (!isOurName(host, this.#names)) {
      throw forbidden(
        `Cannot serve host ${JSON.stringify(host)}: it is not a name of this daemon (list it in allowed_hosts)`,
      );
    }
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
    if (origin === null || isSameOrigin(origin, headers.get("host"))) return {};
    if (this.#options.corsOrigins.includes(origin)) return corsHeaders(origin);
    throw forbidden(`Cannot serve a page of origin ${JSON.stringify(origin)}: it is not listed in cors_origins`);
  }
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
export function refuseOpenDoor(endpoint: Endpoint, { insecure }: Pick<GateRules, "insecure">, shown: string): void {
  if (isLocal(endpoint) || insecure) return;
  throw new GafferError(
    "usage",
    `Cannot listen on ${shown}: beyond loopback a key is needed (require_key), which this version does not have yet; ` +
      "bind 127.0.0.1 or a unix socket, or set insecure = true to let in everybody who can connect",
  );
}
