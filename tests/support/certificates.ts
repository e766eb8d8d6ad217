import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { TempDir } from "./temp-dir.ts";

/** One certificate and its private key. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  /** The certificate's text. */
  readonly pem: string;
}

/** Whom a certificate is for. */
export interface CertificateSubject {
  /** @defaultValue `DNS:localhost,IP:127.0.0.1,IP:::1` */
  readonly names?: string;
  /** Who signs it. @defaultValue `ca` */
  readonly by?: "ca" | "wrong";
  /** When it begins and ends, as `YYYYMMDDHHMMSSZ`. @defaultValue from now on, for a month */
  readonly during?: readonly [from: string, to: string];
}

const OUR_NAMES = "DNS:localhost,IP:127.0.0.1,IP:::1";

/** Real certificates, made by `openssl` in a folder that is gone at the end of the scope: an authority `ca`, and `wrong`, a strange one. */
export class Certificates implements Disposable {
  readonly dir: TempDir = new TempDir();
  readonly ca: Certificate;
  readonly wrong: Certificate;

  constructor() {
    this.ca = this.#authority("ca");
    this.wrong = this.#authority("wrong");
  }

  /** Runs `openssl` in the folder. @throws with what it said, if it fails */
  openssl(...args: string[]): void {
    const { exitCode, stderr } = Bun.spawnSync(["openssl", ...args], { cwd: this.dir.path });
    if (exitCode !== 0) throw new Error(`openssl ${args.join(" ")}: ${stderr.toString()}`);
  }

  file(name: string): string {
    return this.dir.file(name);
  }

  of(name: string): Certificate {
    const [cert, key] = [this.file(`${name}.pem`), this.file(`${name}.key`)];
    return { cert, key, pem: readFileSync(cert, "utf8") };
  }

  #authority(name: string): Certificate {
    const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", `${name}.key`];
    this.openssl("req", "-x509", ...newKey, "-out", `${name}.pem`, "-subj", `/CN=${name}`, "-days", "30");
    mkdirSync(this.file(`${name}.db`));
    writeFileSync(this.file(`${name}.db/index`), "");
    return this.of(name);
  }

  /** A self-signed certificate. */
  selfSigned(name: string, names: string = OUR_NAMES): Certificate {
    this.#request(name);
    const signed = ["-x509", "-key", `${name}.key`, "-subj", `/CN=${name}`, "-addext", `subjectAltName=${names}`];
    this.openssl("req", ...signed, "-days", "30", "-out", `${name}.pem`);
    return this.of(name);
  }

  /** A certificate that an authority has signed. */
  issue(name: string, { names = OUR_NAMES, by = "ca", during }: CertificateSubject = {}): Certificate {
    this.#request(name);
    this.dir.write(`${name}.cnf`, config(by, names));
    const dates = during === undefined ? ["-days", "30"] : ["-startdate", during[0], "-enddate", during[1]];
    const files = ["-in", `${name}.csr`, "-out", `${name}.pem`, "-cert", `${by}.pem`, "-keyfile", `${by}.key`];
    this.openssl("ca", "-batch", "-notext", "-config", `${name}.cnf`, ...files, ...dates);
    return this.of(name);
  }

  #request(name: string): void {
    const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", `${name}.key`];
    this.openssl("req", ...newKey, "-out", `${name}.csr`, "-subj", `/CN=${name}`);
  }

  [Symbol.dispose](): void {
    this.dir[Symbol.dispose]();
  }
}

/** @see openssl-ca(1) */
const config = (by: string, names: string): string => `
[ca]
default_ca = own
[own]
database = ${by}.db/index
new_certs_dir = ${by}.db
default_md = sha256
policy = any
unique_subject = no
rand_serial = yes
x509_extensions = names
[any]
commonName = supplied
[names]
subjectAltName = ${names}
`;
