import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";

/** By what one end of a TLS connection shows who it is. Texts are PEM. */
export interface TlsIdentity {
  /** Path of the certificate. */
  readonly certfile: string;
  /** Path of the private key. */
  readonly keyfile: string;
  /** The certificate, and those that lead to its authority. */
  readonly cert: string;
  readonly key: string;
}

/** By whom the other end's certificate must be signed. */
export interface TlsAuthority {
  /** Path of the certificates. */
  readonly cacert: string;
  /** The certificates, as PEM. */
  readonly ca: string;
}

/** Takes what is wrong with one of the files: `is …`, without the file's name. */
export type ReportTlsProblem = (which: "certfile" | "keyfile" | "cacert", fact: string) => void;

const blocks = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;

const errorCode = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : String(error);

const readFacts: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  EACCES: "cannot be read: permission denied",
  EISDIR: "is a folder",
};

/** The text of a file; undefined if it can't be read, which is reported. */
function readPem(path: string, report: (fact: string) => void): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    const code = errorCode(error);
    report(readFacts[code] ?? `cannot be read: ${code}`);
    return undefined;
  }
}

/** The certificates of a PEM text; undefined if there is none or one is broken, which is reported. */
function certificatesOf(pem: string, report: (fact: string) => void): X509Certificate[] | undefined {
  const found = [...pem.matchAll(blocks)].filter(([, kind]) => kind === "CERTIFICATE");
  if (found.length === 0) {
    report("holds no certificate in PEM (-----BEGIN CERTIFICATE-----)");
    return undefined;
  }
  try {
    return found.map(([block]) => new X509Certificate(block));
  } catch {
    report("holds a broken certificate");
    return undefined;
  }
}

/** The key of a PEM text; undefined if there is none that can be used, which is reported. */
function keyOf(pem: string, report: (fact: string) => void): KeyObject | undefined {
  if (![...pem.matchAll(blocks)].some(([, kind = ""]) => kind.endsWith("PRIVATE KEY"))) {
    report("holds no private key in PEM (-----BEGIN PRIVATE KEY-----)");
    return undefined;
  }
  try {
    return createPrivateKey(pem);
  } catch (error) {
    const locked = errorCode(error) === "ERR_MISSING_PASSPHRASE";
    report(
      locked
        ? 'holds an encrypted key: nobody is there to give its passphrase, so write it without ("openssl pkey -in KEY -out NEW")'
        : "holds a broken private key",
    );
    return undefined;
  }
}

/**
 * Reads a certificate and its private key, and checks that they belong together.
 *
 * @param keyfile - absent = the key is in the certificate's file.
 * @returns undefined if anything is wrong with them, which is reported.
 */
export function readTlsIdentity(
  { certfile, keyfile = certfile }: { readonly certfile: string; readonly keyfile?: string | undefined },
  report: ReportTlsProblem,
): TlsIdentity | undefined {
  const about = (which: "certfile" | "keyfile") => (fact: string) => report(which, fact);
  const cert = readPem(certfile, about("certfile"));
  const key = keyfile === certfile ? cert : readPem(keyfile, about("keyfile"));
  const chain = cert === undefined ? undefined : certificatesOf(cert, about("certfile"));
  const secret = key === undefined ? undefined : keyOf(key, about("keyfile"));
  const [leaf] = chain ?? [];
  if (cert === undefined || key === undefined || leaf === undefined || secret === undefined) return undefined;
  if (leaf.checkPrivateKey(secret)) return { certfile, keyfile, cert, key };
  report("keyfile", `does not belong to the certificate ${JSON.stringify(certfile)}`);
  return undefined;
}

/**
 * What is wrong with certificates that are given as PEM texts; undefined = nothing.
 *
 * @returns the fact, with the text it is about: `ca holds no certificate …`.
 */
export function tlsTextProblem({
  ca,
  cert,
  key,
}: {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}): string | undefined {
  const problems: string[] = [];
  const about = (which: string) => (fact: string) => problems.push(`${which} ${fact}`);
  if (ca !== undefined) certificatesOf(ca, about("ca"));
  const [leaf] = (cert === undefined ? undefined : certificatesOf(cert, about("cert"))) ?? [];
  const secret = key === undefined ? undefined : keyOf(key, about("key"));
  if ((cert === undefined) !== (key === undefined)) problems.push("cert and key are given together or not at all");
  if (leaf !== undefined && secret !== undefined && !leaf.checkPrivateKey(secret)) {
    problems.push("key does not belong to cert");
  }
  return problems[0];
}

/** Reads the certificates of an authority. @returns undefined if anything is wrong with them, which is reported. */
export function readTlsAuthority(cacert: string, report: ReportTlsProblem): TlsAuthority | undefined {
  const ca = readPem(cacert, (fact) => report("cacert", fact));
  const found = ca === undefined ? undefined : certificatesOf(ca, (fact) => report("cacert", fact));
  return ca === undefined || found === undefined ? undefined : { cacert, ca };
}

/**
 * What may keep others from trusting, or us from being safe, though the files can be used: certificates out of their time, a key that
 * everybody can read.
 *
 * @param now - milliseconds since the epoch.
 */
export function tlsWarnings(
  {
    identity,
    authority,
  }: { readonly identity?: TlsIdentity | undefined; readonly authority?: TlsAuthority | undefined },
  now: number,
): string[] {
  return [
    ...(identity === undefined ? [] : outOfTime("certificate", identity.certfile, { pem: identity.cert, now })),
    ...(authority === undefined ? [] : outOfTime("authority", authority.cacert, { pem: authority.ca, now })),
    ...(identity !== undefined && isOpen(identity.keyfile)
      ? [`the private key ${JSON.stringify(identity.keyfile)} can be read by every user of this machine: chmod 600 it`]
      : []),
  ];
}

function outOfTime(noun: string, path: string, { pem, now }: { readonly pem: string; readonly now: number }): string[] {
  const chain = certificatesOf(pem, () => undefined) ?? [];
  return chain.flatMap(({ validFrom, validTo }) => {
    if (Date.parse(validTo) < now) return [`the ${noun} ${JSON.stringify(path)} expired on ${validTo}`];
    return Date.parse(validFrom) > now ? [`the ${noun} ${JSON.stringify(path)} is not valid before ${validFrom}`] : [];
  });
}

const READABLE_BY_OTHERS = 0o004;

function isOpen(path: string): boolean {
  try {
    return (statSync(path).mode & READABLE_BY_OTHERS) !== 0;
  } catch {
    return false;
  }
}
