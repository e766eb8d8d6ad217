import { describe, expect, test } from "bun:test";
import { Gate, type GateOptions, refuseOpenDoor } from "../../../src/access/gate.ts";
import { hostName, isOurName } from "../../../src/access/host-header.ts";
import { isPartOfForeignPage, isSameOrigin } from "../../../src/access/origin.ts";
import { parseEndpoint } from "../../../src/base/endpoint.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const peer = { address: "127.0.0.1", port: 40_000 };
const gate = (options: Partial<GateOptions> = {}): Gate =>
  new Gate({
    corsOrigins: [],
    allowedHosts: [],
    insecure: false,
    requireKey: false,
    endpoint: { kind: "tcp", host: "127.0.0.1", port: 5000 },
    uid: 1000,
    ownerOf: () => 1000,
    ...options,
  });
const headers = (more: Record<string, string> = {}): Headers => new Headers({ host: "localhost:5000", ...more });
const code = (target: Gate, more: Record<string, string> = {}): string =>
  thrownBy(() => target.admit({ headers: headers(more), peer })).code;

describe("Gate.admit()", () => {
  test("lets our own user and root in, and nobody else", () => {
    expect(gate().admit({ headers: headers(), peer })).toEqual({});
    expect(gate({ ownerOf: () => 0 }).admit({ headers: headers(), peer })).toEqual({});
    expect(code(gate({ ownerOf: () => 1001 }))).toBe("forbidden");
    expect(code(gate({ ownerOf: () => undefined }))).toBe("forbidden");
    expect(thrownBy(() => gate().admit({ headers: headers(), peer: undefined })).code).toBe("forbidden");
    expect(code(gate({ uid: 0, ownerOf: () => 1 }))).toBe("forbidden");
  });

  test("asks for the owner by the address that was bound", () => {
    const asked: unknown[] = [];
    const ownerOf = (...ends: unknown[]): number => asked.push(ends) && 0;
    gate({ ownerOf }).admit({ headers: headers(), peer });
    const named = { kind: "tcp", host: "localhost", port: 1 } as const;
    gate({ ownerOf, endpoint: named }).admit({ headers: headers(), peer: { address: "::1", port: 2 } });
    expect(asked).toEqual([
      [peer, { address: "127.0.0.1", port: 5000 }],
      [
        { address: "::1", port: 2 },
        { address: "::1", port: 1 },
      ],
    ]);
  });

  test("insecure lifts the check of the peer, and not those of Host and Origin", () => {
    const open = gate({ insecure: true, ownerOf: () => undefined });
    expect(open.admit({ headers: headers(), peer: undefined })).toEqual({});
    expect(code(open, { host: "evil.example" })).toBe("forbidden");
    expect(code(open, { origin: "https://evil.example" })).toBe("forbidden");
  });

  test("over a unix socket neither peer nor Host matters, and Origin does", () => {
    const unix = gate({ endpoint: { kind: "unix", path: "/x" }, ownerOf: () => 1 });
    expect(unix.admit({ headers: headers({ host: "x y" }), peer: undefined })).toEqual({});
    expect(code(unix, { origin: "null" })).toBe("forbidden");
  });

  test("a listed origin gets what lets its pages read, the same origin needs nothing", () => {
    const listed = gate({ corsOrigins: ["https://ops.example"] });
    const given = listed.admit({ headers: headers({ origin: "https://ops.example" }), peer });
    expect(given).toMatchObject({ "access-control-allow-origin": "https://ops.example", vary: "Origin" });
    expect(listed.admit({ headers: headers({ origin: "http://localhost:5000" }), peer })).toEqual({ vary: "Origin" });
    expect(listed.admit({ headers: headers(), peer })).toEqual({ vary: "Origin" });
    for (const origin of ["https://ops.example.evil", "http://ops.example", "https://OPS.example/", "null", "*"]) {
      expect([origin, code(listed, { origin })]).toEqual([origin, "forbidden"]);
    }
    expect(
      code(gate({ corsOrigins: ["https://ops.example"], ownerOf: () => 1 }), { origin: "https://ops.example" }),
    ).toBe("forbidden");
  });
});

const asks = (site: string, mode = "no-cors", dest = "image"): boolean =>
  isPartOfForeignPage(new Headers({ "sec-fetch-site": site, "sec-fetch-mode": mode, "sec-fetch-dest": dest }));

test("isPartOfForeignPage() goes by what the browser says of the page", () => {
  expect(isPartOfForeignPage(new Headers())).toBe(false);
  expect([asks("same-origin"), asks("none"), asks("none", "navigate", "document")]).toEqual([false, false, false]);
  expect([asks("cross-site"), asks("same-site"), asks("new-word"), asks("")]).toEqual([true, true, true, true]);
  expect(asks("cross-site", "navigate", "document")).toBe(false);
  expect([asks("cross-site", "navigate", "iframe"), asks("cross-site", "cors", "document")]).toEqual([true, true]);
  expect(
    code(gate(), { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script" }),
  ).toBe("forbidden");
});

test("hostName() is the name without port, brackets, case and last dot", () => {
  const names = ["A.b:80", "a.b.", "[::1]:80", "[::1]", "127.0.0.1:5", "", "a:b:c"].map(hostName);
  expect(names).toEqual(["a.b", "a.b", "::1", "::1", "127.0.0.1", "", "a:b:c"]);
});

test("isOurName() takes addresses, localhost, and names that are known", () => {
  for (const name of [
    "127.0.0.1",
    "10.0.0.1:80",
    "[::1]:5000",
    "[fe80::1]",
    "localhost",
    "LocalHost:1",
    "Box.lan:80",
  ]) {
    expect([name, isOurName(name, ["box.LAN"])]).toEqual([name, true]);
  }
  for (const name of [
    "evil.example",
    "127.0.0.1.evil",
    "1.2.3.4.5",
    "",
    "localhost.evil",
    "evil:80:x",
    "xbox.lan",
    "[",
  ]) {
    expect([name, isOurName(name, ["box.LAN"])]).toEqual([name, false]);
  }
});

test("isSameOrigin() compares name and port", () => {
  expect(isSameOrigin("http://a:1", "a:1")).toBe(true);
  expect(isSameOrigin("https://a", "a")).toBe(true);
  for (const origin of ["http://a:2", "http://b", "null", "", "a:1", "http://a:1/", "ftp://a:1"]) {
    expect([origin, isSameOrigin(origin, "a:1")]).toEqual([origin, false]);
  }
  expect(isSameOrigin("http://null", null)).toBe(false);
});

test("refuseOpenDoor() refuses what reaches beyond this machine, unless it is meant", () => {
  for (const local of ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1", "unix:/x", ":1"]) {
    expect(() => refuseOpenDoor(parseEndpoint(local), { insecure: false, requireKey: false }, local)).not.toThrow();
  }
  for (const open of ["0.0.0.0:1", "[::]:1", "10.0.0.1:1", "example.org:1", "127.0.0.1.evil:1"]) {
    expect([
      open,
      thrownBy(() => refuseOpenDoor(parseEndpoint(open), { insecure: false, requireKey: false }, open)).code,
    ]).toEqual([open, "usage"]);
    expect(() => refuseOpenDoor(parseEndpoint(open), { insecure: true, requireKey: false }, open)).not.toThrow();
  }
});
