import type { ApiEndpoint } from "../apps/http-api/http-api.ts";
import { formatEndpoint } from "../base/endpoint.ts";
import { GafferError } from "../base/gaffer-error.ts";
import type { TlsConfig } from "../config/daemon-config.ts";

/**
 * An endpoint with the TLS it shall speak; a unix socket speaks none.
 *
 * @throws {@link GafferError} `usage` if it shall, but there is no certificate.
 */
export function withTls(one: ApiEndpoint, { identity, authority }: TlsConfig): ApiEndpoint {
  const { endpoint } = one;
  if (endpoint.kind === "unix") return one;
  if (identity !== undefined) {
    return { ...one, endpoint: { ...endpoint, tls: true }, tls: { identity, ...(authority ? { authority } : {}) } };
  }
  const why = authority === undefined ? (endpoint.tls === true ? "https is asked for" : undefined) : "cacert is set";
  if (why === undefined) return one;
  throw new GafferError(
    "usage",
    `Cannot listen on ${formatEndpoint(endpoint)}: ${why}, but no certificate is named (certfile, keyfile)`,
  );
}
