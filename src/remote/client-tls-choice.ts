import { type Endpoint, formatEndpoint } from "../base/endpoint.ts";
import { GafferError } from "../base/gaffer-error.ts";
import { readTlsFlags, type TlsFlags } from "../base/tls-flags.ts";
import type { ClientTls } from "../client/client-tls.ts";

/**
 * The certificates that flags name, for talking to a daemon.
 *
 * @returns undefined if no flag is given.
 * @throws {@link GafferError} `usage` if anything is wrong with one of them, or nobody would look at them: whoever names a certificate
 * must not talk in the clear.
 */
export function chooseClientTls({ cacert, certfile, keyfile }: TlsFlags, endpoint: Endpoint): ClientTls | undefined {
  const flags = { cacert, certfile, keyfile };
  const [first] = Object.entries(flags).find(([, path]) => path !== undefined) ?? [];
  if (first === undefined) return undefined;
  if (endpoint.kind === "unix" || endpoint.tls !== true) {
    const where = formatEndpoint(endpoint);
    throw new GafferError(
      "usage",
      `Cannot use --${first} with ${where}: no TLS is spoken there (name an https://host:port with --endpoint)`,
    );
  }
  const { identity, authority } = readTlsFlags(flags, process.cwd());
  return {
    ...(identity === undefined ? {} : { cert: identity.cert, key: identity.key }),
    ...(authority === undefined ? {} : { ca: authority.ca }),
  };
}
