import { resolve } from "node:path";
import { GafferError } from "./gaffer-error.ts";
import { readTlsAuthority, readTlsIdentity, type TlsAuthority, type TlsIdentity } from "./tls-files.ts";

/** `--certfile`, `--keyfile` and `--cacert`. */
export interface TlsFlags {
  readonly certfile: string | undefined;
  readonly keyfile: string | undefined;
  readonly cacert: string | undefined;
}

/**
 * Reads the certificates that flags name.
 *
 * @param cwd - where relative paths start from.
 * @throws {@link GafferError} `usage` if anything is wrong with one of them.
 */
export function readTlsFlags(
  { certfile, keyfile, cacert }: TlsFlags,
  cwd: string,
): { readonly identity?: TlsIdentity; readonly authority?: TlsAuthority } {
  const path = (name: string | undefined): string | undefined => name && resolve(cwd, name);
  const paths = { certfile: path(certfile), keyfile: path(keyfile ?? certfile), cacert: path(cacert) };
  const report = (which: keyof TlsFlags, fact: string): never => {
    throw new GafferError("usage", `Cannot use --${which} ${JSON.stringify(paths[which])}: it ${fact}`);
  };
  if (paths.certfile === undefined && keyfile !== undefined) report("keyfile", "is of no use without --certfile");
  const identity = paths.certfile && readTlsIdentity({ certfile: paths.certfile, keyfile: paths.keyfile }, report);
  const authority = paths.cacert && readTlsAuthority(paths.cacert, report);
  return { ...(identity ? { identity } : {}), ...(authority ? { authority } : {}) };
}
