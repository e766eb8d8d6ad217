import type { Caller } from "../base/caller.ts";
import type { Endpoint } from "../base/endpoint.ts";

/** A request and where it comes from. */
export interface Visit {
  readonly headers: Headers;
  readonly endpoint: Endpoint;
  /** Address of the other end of a TCP connection. */
  readonly peer: { readonly address: string; readonly port: number } | undefined;
}

/** Decides who comes in by one endpoint, and as whom. */
export interface Gatekeeper {
  /**
   * Lets a request in, or throws what keeps it out.
   *
   * @returns headers for its answer.
   */
  admit(visit: Visit): Readonly<Record<string, string>>;
  /**
   * Who asks.
   *
   * @param isOpen - it is served without a key, too.
   * @throws {@link GafferError} `unauthorized` if a key is needed and none is shown, `forbidden` if it is nobody's.
   */
  callerOf(headers: Headers, isOpen: boolean): Caller;
  /** Whose key this is. @throws {@link GafferError} `forbidden` if it is nobody's */
  authenticate(key: string): Caller;
}
