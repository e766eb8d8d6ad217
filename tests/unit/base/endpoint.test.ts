import { describe, expect, test } from "bun:test";
import { formatEndpoint, isLocal, parseEndpoint } from "../../../src/base/endpoint.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const tcp = (host: string, port: number) => ({ kind: "tcp", host, port }) as const;

describe("parseEndpoint()", () => {
  for (const [text, endpoint] of [
    ["127.0.0.1:5000", tcp("127.0.0.1", 5000)],
    ["0.0.0.0:0", tcp("0.0.0.0", 0)],
    [":8080", tcp("127.0.0.1", 8080)],
    ["example.org", tcp("example.org", 5000)],
    ["[::1]:81", tcp("::1", 81)],
    ["[::]", tcp("::", 5000)],
    ["http://127.0.0.1:5000", tcp("127.0.0.1", 5000)],
    ["http://host:1/", tcp("host", 1)],
    ["https://host:1/", { ...tcp("host", 1), tls: true }],
    ["HTTPS://[::1]", { ...tcp("::1", 5000), tls: true }],
    ["unix:/run/g.sock", { kind: "unix", path: "/run/g.sock" }],
    ["unix:///run/g.sock", { kind: "unix", path: "/run/g.sock" }],
    ["unix:g.sock", { kind: "unix", path: "g.sock" }],
  ] as const) {
    test(`reads ${text}`, () => expect(parseEndpoint(text)).toEqual(endpoint));
  }

  for (const text of [
    "",
    " ",
    "a b:1",
    "h:65536",
    "h:x",
    "h:1:2",
    "::1:5000",
    "unix:",
    "ftp://h:1",
    "https://",
    "h:1/path",
    "u@h:1",
    `unix:/${"x".repeat(107)}`,
  ]) {
    test(`refuses ${JSON.stringify(text).slice(0, 30)}`, () => {
      expect(thrownBy(() => parseEndpoint(text, "bind")).message).toStartWith("Cannot use bind ");
    });
  }
});

test("formatEndpoint() writes what parseEndpoint() reads", () => {
  for (const text of ["127.0.0.1:5000", "[::1]:81", "https://[::1]:81", "https://h:1", "unix:/run/g.sock"]) {
    expect(formatEndpoint(parseEndpoint(text))).toBe(text);
  }
});

test("isLocal() knows what only this machine reaches", () => {
  for (const text of ["127.0.0.1:1", "127.9.9.9:1", "localhost:1", "[::1]:1", "unix:/x"]) {
    expect(isLocal(parseEndpoint(text))).toBe(true);
  }
  for (const text of ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "example.org:1"]) {
    expect(isLocal(parseEndpoint(text))).toBe(false);
  }
});
