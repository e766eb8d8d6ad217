import { GafferError } from "../base/gaffer-error.ts";
import { tlsTextProblem } from "../base/tls-files.ts";

/** How a client talks TLS. Texts are PEM. */
export interface ClientTls {
  /** Certificates of the authorities that may have signed the server's. @defaultValue those this machine trusts */
  readonly ca?: string;
  /** Our own certificate, for servers that want one. */
  readonly cert?: string;
  /** Its private key. */
  readonly key?: string;
}

/** Refuses texts that are no certificates: Bun would only say that it can't connect. @throws {@link GafferError} `usage` */
export function checkClientTls(tls: ClientTls): void {
  const problem = tlsTextProblem(tls);
  if (problem !== undefined) throw new GafferError("usage", `Cannot use the certificates: ${problem}`);
}

/** What Bun takes it as. The server is always verified: NODE_TLS_REJECT_UNAUTHORIZED must not lift that. */
export const bunClientTls = ({ ca, cert, key }: ClientTls): Bun.TLSOptions => ({
  rejectUnauthorized: true,
  ...(ca === undefined ? {} : { ca }),
  ...(cert === undefined ? {} : { cert }),
  ...(key === undefined ? {} : { key }),
});
