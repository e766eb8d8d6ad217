import { type Endpoint, formatEndpoint } from "../base/endpoint.ts";
import { GafferError } from "../base/gaffer-error.ts";
import type { ClientTls } from "./client-tls.ts";
import { speaksTls } from "./speaks-tls.ts";

/** Who could not be reached, and how it was tried. */
export interface Attempt {
  readonly endpoint: Endpoint;
  readonly tls?: ClientTls | undefined;
}

interface Explanation {
  readonly fact: string;
  /** The way out. */
  readonly way: string;
}

const nobody = "nobody listens there";
const closed = "it closed the connection";
const start = 'start one with "gaffer daemon", or name another with --endpoint';

const facts: Readonly<Record<string, string>> = {
  ConnectionRefused: nobody,
  ECONNREFUSED: nobody,
  FailedToOpenSocket: nobody,
  ENOENT: "there is no such socket",
  EACCES: "permission denied",
  ConnectionClosed: closed,
  ECONNRESET: closed,
};

/** @see OpenSSL X509_V_ERR_*, under the names that Node.js gives them */
const untrusted: ReadonlySet<string> = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "CERT_SIGNATURE_FAILURE",
  "INVALID_CA",
]);

/** An end without a reason: TLS on one side only, or a client that was not good enough. */
const abrupt: ReadonlySet<string> = new Set(["EPROTO", "ECONNRESET", "ConnectionClosed"]);

/**
 * What a connection that failed is told as.
 *
 * @param error - as `fetch` or the connection throws it; one that is no failure to connect is returned as it is.
 * @returns a {@link GafferError} `daemon_unreachable` with the fact and the way out.
 */
export async function connectionFailure(error: unknown, attempt: Attempt): Promise<unknown> {
  if (!(error instanceof Error) || error.name === "AbortError") return error;
  const code = "code" in error ? String(error.code) : error.message;
  const { fact, way } = ofTrust(code, attempt) ?? (await ofProtocol(code, attempt)) ?? other(code);
  const where = formatEndpoint(attempt.endpoint);
  return new GafferError("daemon_unreachable", `Cannot reach a daemon at ${where}: ${fact} (${way})`, { cause: error });
}

const other = (code: string): Explanation => ({ fact: facts[code] ?? code, way: start });

/** What its certificate is refused for. */
function ofTrust(code: string, { endpoint, tls }: Attempt): Explanation | undefined {
  if (untrusted.has(code)) {
    return tls?.ca === undefined
      ? {
          fact: "nobody whom this machine trusts has signed its certificate",
          way: "name the authority that has, or the certificate itself if it is self-signed, with --cacert",
        }
      : { fact: "its certificate is not signed by the authority of --cacert", way: "name the one that has signed it" };
  }
  if (code === "CERT_HAS_EXPIRED") return { fact: "its certificate has expired", way: "give it a new one there" };
  if (code === "CERT_NOT_YET_VALID") {
    return { fact: "its certificate is not valid yet", way: "look at the clocks here and there" };
  }
  if (code !== "ERR_TLS_CERT_ALTNAME_INVALID") return undefined;
  const host = endpoint.kind === "tcp" ? endpoint.host : "";
  return {
    fact: `its certificate is for another name than ${JSON.stringify(host)}`,
    way: "name it as the certificate does, or add this name to its subjectAltName",
  };
}

/** What one side speaks and the other does not. */
async function ofProtocol(code: string, { endpoint, tls }: Attempt): Promise<Explanation | undefined> {
  if (endpoint.kind === "unix" || !abrupt.has(code)) return undefined;
  const spoken = await speaksTls(endpoint);
  if (endpoint.tls !== true) {
    const there = formatEndpoint({ ...endpoint, tls: true });
    return spoken === true ? { fact: "it speaks TLS", way: `name it ${there}` } : undefined;
  }
  if (spoken === false) {
    const plain = `http://${formatEndpoint({ ...endpoint, tls: false })}`;
    return { fact: "it speaks no TLS", way: `if it may be talked to in the clear, name it ${plain}` };
  }
  if (spoken !== true) return undefined;
  return tls?.cert === undefined
    ? { fact: "it wants a certificate of its clients", way: "name yours with --certfile and --keyfile" }
    : { fact: "it does not take our certificate", way: "name one that its authority has signed with --certfile" };
}
