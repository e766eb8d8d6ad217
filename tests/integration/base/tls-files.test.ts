import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync } from "node:fs";
import { readTlsAuthority, readTlsIdentity, tlsWarnings } from "../../../src/base/tls-files.ts";
import { Certificates } from "../../support/certificates.ts";

const certificates = new Certificates();
afterAll(() => certificates[Symbol.dispose]());

const server = certificates.issue("server");
const other = certificates.issue("other");
const file = (name: string, text: string): string => certificates.dir.write(name, text);
const readKey = (path: string): string => readFileSync(path, "utf8");

/** What is wrong with a pair. */
function problems(certfile: string, keyfile?: string): string[] {
  const found: string[] = [];
  const identity = readTlsIdentity({ certfile, keyfile }, (which, fact) => found.push(`${which} ${fact}`));
  expect(identity === undefined).toBe(found.length > 0);
  return found;
}

describe("readTlsIdentity()", () => {
  test("takes a certificate and its key, in two files or in one", () => {
    expect(problems(server.cert, server.key)).toEqual([]);
    expect(problems(file("both.pem", server.pem + readKey(server.key)))).toEqual([]);
    expect(problems(file("chain.pem", server.pem + certificates.ca.pem), server.key)).toEqual([]);
  });

  test("says of each file what is wrong with it", () => {
    mkdirSync(certificates.file("folder"));
    certificates.openssl("pkey", "-in", "server.key", "-aes128", "-passout", "pass:secret", "-out", "locked.key");
    const broken = server.pem.replace(/\n[^-\n]{20}/, "\nAAAAAAAAAAAAAAAAAAAA");
    const noKey = "keyfile holds no private key in PEM (-----BEGIN PRIVATE KEY-----)";
    const locked = 'holds an encrypted key: nobody is there to give its passphrase, so write it without ("openssl pkey';
    for (const [cert, key, expected] of [
      [certificates.file("nope"), server.key, ["certfile does not exist"]],
      [certificates.file("folder"), server.key, ["certfile is a folder"]],
      [server.cert, certificates.file("nope"), ["keyfile does not exist"]],
      [file("text", "hello"), server.key, ["certfile holds no certificate in PEM (-----BEGIN CERTIFICATE-----)"]],
      [server.key, server.key, ["certfile holds no certificate in PEM (-----BEGIN CERTIFICATE-----)"]],
      [file("broken.pem", broken), server.key, ["certfile holds a broken certificate"]],
      [server.cert, server.cert, [noKey]],
      [server.cert, undefined, [noKey]],
      [server.cert, certificates.file("locked.key"), [expect.stringContaining(`keyfile ${locked}`)]],
      [
        server.cert,
        file("bad.key", readKey(server.key).replace(/\n.{30}/, "\n")),
        ["keyfile holds a broken private key"],
      ],
      [server.cert, other.key, [`keyfile does not belong to the certificate ${JSON.stringify(server.cert)}`]],
      [certificates.file("nope"), file("text", "hello"), ["certfile does not exist", noKey]],
    ] as const) {
      expect([cert, key, problems(cert, key)]).toEqual([cert, key, [...expected]]);
    }
  });

  test("says so when a file may not be read", () => {
    const bun = process.execPath;
    const locked = file("secret.key", readKey(server.key));
    chmodSync(locked, 0o000);
    const module = JSON.stringify(`${import.meta.dir}/../../../src/base/tls-files.ts`);
    const pair = JSON.stringify({ certfile: "/etc/shadow", keyfile: locked });
    const script = `import { readTlsIdentity } from ${module}; readTlsIdentity(${pair}, (...all) => console.log(...all))`;
    const asNobody = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"];
    const argv = process.getuid?.() === 0 ? [...asNobody, bun, "-e", script] : [bun, "-e", script];
    const { stdout, stderr } = Bun.spawnSync(argv, { env: { ...process.env, HOME: "/", TMPDIR: "/tmp" } });
    expect([stdout.toString(), stderr.toString()]).toEqual([
      "certfile cannot be read: permission denied\nkeyfile cannot be read: permission denied\n",
      "",
    ]);
  });
});

test("readTlsAuthority() takes one certificate or many, and says what is wrong otherwise", () => {
  const facts: string[] = [];
  const report = (which: string, fact: string): number => facts.push(`${which} ${fact}`);
  const both = file("two.pem", certificates.ca.pem + certificates.wrong.pem);
  expect(readTlsAuthority(both, report)).toEqual({ cacert: both, ca: certificates.ca.pem + certificates.wrong.pem });
  expect(readTlsAuthority(certificates.file("nope"), report)).toBeUndefined();
  expect(readTlsAuthority(server.key, report)).toBeUndefined();
  expect(facts).toEqual(["cacert does not exist", "cacert holds no certificate in PEM (-----BEGIN CERTIFICATE-----)"]);
});

test("tlsWarnings() tells of certificates out of their time, and of keys that everybody can read", () => {
  const during = ["20200101000000Z", "20210101000000Z"] as const;
  const old = certificates.issue("old", { during });
  const identity = readTlsIdentity({ certfile: old.cert, keyfile: old.key }, () => undefined);
  const authority = readTlsAuthority(old.cert, () => undefined);
  chmodSync(old.key, 0o600);
  const in2020 = Date.UTC(2020, 5);
  expect(tlsWarnings({ identity, authority }, in2020)).toEqual([]);
  expect(tlsWarnings({ identity, authority }, Date.UTC(2019, 5))).toEqual([
    `the certificate ${JSON.stringify(old.cert)} is not valid before Jan  1 00:00:00 2020 GMT`,
    `the authority ${JSON.stringify(old.cert)} is not valid before Jan  1 00:00:00 2020 GMT`,
  ]);
  expect(tlsWarnings({ identity, authority }, Date.UTC(2022, 5))).toEqual([
    `the certificate ${JSON.stringify(old.cert)} expired on Jan  1 00:00:00 2021 GMT`,
    `the authority ${JSON.stringify(old.cert)} expired on Jan  1 00:00:00 2021 GMT`,
  ]);
  chmodSync(old.key, 0o644);
  const open = `the private key ${JSON.stringify(old.key)} can be read by every user of this machine: chmod 600 it`;
  expect(tlsWarnings({ identity }, in2020)).toEqual([open]);
});
