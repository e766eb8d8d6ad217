import { afterAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { ClientTls } from "../../../src/client/client-tls.ts";
import { Server } from "../../../src/client/server.ts";
import { Certificates } from "../../support/certificates.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const certificates = new Certificates();
afterAll(() => certificates[Symbol.dispose]());
const own = certificates.issue("own");
const other = certificates.issue("other");
const key = readFileSync(own.key, "utf8");

test("certificates that are none are refused before anything is sent", () => {
  const refused: readonly (readonly [ClientTls, string])[] = [
    [{ ca: "hello" }, "ca holds no certificate in PEM (-----BEGIN CERTIFICATE-----)"],
    [{ cert: own.pem }, "cert and key are given together or not at all"],
    [{ cert: other.pem, key }, "key does not belong to cert"],
    [{ cert: own.pem, key: own.pem }, "key holds no private key in PEM (-----BEGIN PRIVATE KEY-----)"],
  ];
  for (const [tls, fact] of refused) {
    expect(thrownBy(() => new Server("https://localhost:1", { tls }))).toEqual({
      code: "usage",
      message: `Cannot use the certificates: ${fact}`,
    });
  }
  expect(new Server("https://localhost:1", { tls: { ca: certificates.ca.pem, cert: own.pem, key } })).toBeTruthy();
});
