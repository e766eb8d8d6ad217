import { describe, expect, test } from "bun:test";
import { allows, type Grants, readGrants } from "../../../src/access/grants.ts";
import { thrownBy } from "../../support/thrown-by.ts";

/** What is asked of each key: two sessions and a job of each. */
const TARGETS = ["test", "test.test", "test1", "test1.test"] as const;

const sign = (yes: boolean): string => (yes ? "+" : "-");

/** What a key may, in one line: admin, create_key, create_user; manage, read, write of all; then read, write, manage of each target. */
function abilities(grants: Grants): string {
  const administration = (["admin", "create_key", "create_user"] as const).map((one) => sign(allows(grants, one)));
  const all = (["manage", "read", "write"] as const).map((one) => sign(allows(grants, one)));
  const each = (["read", "write", "manage"] as const).map((one) =>
    TARGETS.map((target) => sign(allows(grants, one, target))).join(""),
  );
  return [administration.join(""), all.join(""), ...each].join(" ");
}

/** The access lists that gaffer 0.5 tests, one line each. */
const matrix: readonly (readonly [name: string, grants: Grants, abilities: string])[] = [
  // name, grants                                                        adm all  read write manage
  ["admin", { admin: true }, "+++ +++ ++++ ++++ ++++"],
  ["manage *", { manage: ["*"] }, "--- +++ ++++ ++++ ++++"],
  ["read *", { read: ["*"] }, "--- -+- ++++ ---- ----"],
  ["write *", { write: ["*"] }, "--- -++ ++++ ++++ ----"],
  ["manage session", { manage: ["test"] }, "--- --- ++-- ++-- ++--"],
  ["manage two sessions", { manage: ["test", "test1"] }, "--- --- ++++ ++++ ++++"],
  ["manage job", { manage: ["test.test"] }, "--- --- -+-- -+-- -+--"],
  ["manage job + session", { manage: ["test.test", "test1"] }, "--- --- -+++ -+++ -+++"],
  ["manage two jobs", { manage: ["test.test", "test1.test"] }, "--- --- -+-+ -+-+ -+-+"],
  ["read session", { read: ["test"] }, "--- --- ++-- ---- ----"],
  ["read two sessions", { read: ["test", "test1"] }, "--- --- ++++ ---- ----"],
  ["read job", { read: ["test.test"] }, "--- --- -+-- ---- ----"],
  ["read job + session", { read: ["test.test", "test1"] }, "--- --- -+++ ---- ----"],
  ["read two jobs", { read: ["test.test", "test1.test"] }, "--- --- -+-+ ---- ----"],
  ["write session", { write: ["test"] }, "--- --- ++-- ++-- ----"],
  ["write two sessions", { write: ["test", "test1"] }, "--- --- ++++ ++++ ----"],
  ["write job", { write: ["test.test"] }, "--- --- -+-- -+-- ----"],
  ["write job + session", { write: ["test.test", "test1"] }, "--- --- -+++ -+++ ----"],
  ["write two jobs", { write: ["test.test", "test1.test"] }, "--- --- -+-+ -+-+ ----"],
  ["read session + write job", { read: ["test"], write: ["test1.test"] }, "--- --- ++-+ ---+ ----"],
  // Ours.
  ["nothing", {}, "--- --- ---- ---- ----"],
  ["empty lists", { admin: false, manage: [], write: [], read: [] }, "--- --- ---- ---- ----"],
  ["create_key", { create_key: true }, "-+- --- ---- ---- ----"],
  ["create_user", { create_user: true }, "--+ --- ---- ---- ----"],
  ["another session whose name begins alike", { manage: ["tes"] }, "--- --- ---- ---- ----"],
];

describe("allows()", () => {
  test.each(matrix)("%s", (_name, grants, expected) => {
    expect(abilities(grants)).toBe(expected);
  });

  test("case counts, and a job's name is no session's", () => {
    expect(allows({ manage: ["Test"] }, "manage", "test.a")).toBe(false);
    expect(allows({ manage: ["a"] }, "manage", "test.a")).toBe(false);
    expect(allows({ manage: ["test.a"] }, "manage", "test.ab")).toBe(false);
  });
});

describe("readGrants()", () => {
  test("takes what a key may have, each target once", () => {
    const grants = { admin: true, create_key: false, create_user: true, manage: ["*"], write: ["a.b", "_c"], read: [] };
    expect(readGrants(grants)).toEqual(grants);
    expect(readGrants({ read: ["a", "a", "*"] })).toEqual({ read: ["a", "*"] });
    expect(readGrants({})).toEqual({});
  });

  const wrong: readonly (readonly [given: unknown, message: string])[] = [
    ["all", 'Cannot use permissions: "all" is not an object'],
    [null, "Cannot use permissions: null is not an object"],
    [["*"], 'Cannot use permissions: ["*"] is not an object'],
    [undefined, "Cannot use permissions: nothing is not an object"],
    [{ admin: 1 }, "Cannot use permissions: admin is 1: it must be true or false"],
    [{ create_key: "true" }, 'Cannot use permissions: create_key is "true": it must be true or false'],
    [{ manage: "*" }, 'Cannot use permissions: manage is "*": it must be a list'],
    [{ read: [1] }, 'Cannot use permissions: read has 1: it takes "*", a session, or session.job'],
    [{ read: [""] }, 'Cannot use permissions: read has "": it takes "*", a session, or session.job'],
    [{ write: ["a.b.c"] }, 'Cannot use permissions: write has "a.b.c": it takes "*", a session, or session.job'],
    [{ write: ["a.*"] }, 'Cannot use permissions: write has "a.*": it takes "*", a session, or session.job'],
    [{ write: ["12"] }, 'Cannot use permissions: write has "12": it takes "*", a session, or session.job'],
    [{ manage: [["*"]] }, 'Cannot use permissions: manage has ["*"]: it takes "*", a session, or session.job'],
    [{ mange: ["*"] }, 'Cannot use permissions: there is no permission "mange" (did you mean "manage"?)'],
    [
      { sudo: true },
      'Cannot use permissions: there is no permission "sudo" (there is admin, create_key, create_user, manage, write, read)',
    ],
    [
      JSON.parse('{"__proto__": {"admin": true}}'),
      'Cannot use permissions: there is no permission "__proto__" (there is admin, create_key, create_user, manage, write, read)',
    ],
  ];
  test.each(wrong)("refuses %j", (given, message) => {
    expect(thrownBy(() => readGrants(given))).toEqual({ code: "bad_request", message });
  });
});
