import { describe, expect, test } from "bun:test";
import { Access } from "../../../../src/access/access.ts";
import type { Grants } from "../../../../src/access/grants.ts";
import { namedKey, parentFor, permitAdministration } from "../../../../src/apps/control/key-rules.ts";
import { type Caller, OWNER } from "../../../../src/base/caller.ts";
import { thrownBy } from "../../../support/thrown-by.ts";

const opened = (): Access => new Access({ folder: "/", keys: ":memory:", users: ":memory:" });

/** A key, and who comes with it. */
function made(access: Access, permissions: Grants, more: { parent?: string; username?: string } = {}) {
  const { key, record } = access.keyring.mint({ permissions, ...more });
  const caller = access.keyring.callerOf(key);
  if (caller === undefined) throw new Error("it is a key of nobody");
  return { key, id: record.id, caller };
}

const outcome = (call: () => unknown): unknown => {
  try {
    return call();
  } catch {
    return thrownBy(call).code;
  }
};

describe("permitAdministration()", () => {
  const wanted: readonly Grants[] = [
    {},
    { manage: ["*"] },
    { create_key: true },
    { create_user: true },
    { admin: true },
  ];
  const matrix: readonly (readonly [held: Grants, allowed: string])[] = [
    // What may be made: nothing, manage *, create_key, create_user, admin.
    [{}, "++---"],
    [{ manage: ["*"] }, "++---"],
    [{ create_key: true }, "+++--"],
    [{ create_user: true }, "++-+-"],
    [{ create_key: true, create_user: true }, "++++-"],
    [{ admin: true }, "+++++"],
  ];
  test.each(matrix)("who holds %j may make, show and take back %s", (held, allowed) => {
    using access = opened();
    const { caller } = made(access, held);
    const may = (grants: Grants): string =>
      outcome(() => permitAdministration(caller, grants, "do it")) === undefined ? "+" : "-";
    expect(wanted.map(may).join("")).toBe(allowed);
  });

  test("switches that are off ask for nothing", () => {
    using access = opened();
    const { caller } = made(access, {});
    permitAdministration(caller, { admin: false, create_key: false, create_user: false }, "do it");
    expect(thrownBy(() => permitAdministration(caller, { admin: true }, "do it"))).toEqual({
      code: "forbidden",
      message: `Cannot do it: ${caller.label} may not admin everything`,
    });
  });
});

describe("who names a key", () => {
  test("by itself has it; by its id it must be theirs, or they administer", () => {
    using access = opened();
    const [admin, own, other] = [{ admin: true }, {}, {}].map((grants) => made(access, grants));
    if (admin === undefined || own === undefined || other === undefined) throw new Error("unreachable");
    const child = made(access, {}, { parent: own.id });
    const login = made(access, {}, { parent: own.id, username: "ann" });
    const named = (caller: Caller, given: string): unknown => outcome(() => namedKey(access, caller, given).id);
    for (const caller of [admin.caller, OWNER]) {
      expect([other.id, other.key, "none"].map((given) => named(caller, given))).toEqual([
        other.id,
        other.id,
        "key_not_found",
      ]);
    }
    for (const caller of [own.caller, login.caller]) {
      expect([own.id, child.id, login.id].map((given) => named(caller, given))).toEqual([own.id, child.id, login.id]);
      expect([other.id, "none", admin.id].map((given) => named(caller, given))).toEqual(Array(3).fill("forbidden"));
      expect(named(caller, other.key)).toBe(other.id);
    }
    expect(named(child.caller, own.id)).toBe("forbidden");
  });

  test("makes keys that go with their own, with a login's user's, or, as an administrator, with none", () => {
    using access = opened();
    const [admin, own] = [made(access, { admin: true }), made(access, { create_key: true })];
    const login = made(access, { create_key: true }, { parent: own.id, username: "ann" });
    const adminLogin = made(access, { admin: true }, { parent: admin.id, username: "root" });
    const parent = (caller: Caller, given?: string): unknown => outcome(() => parentFor(access, caller, given));
    expect([own, login, admin, adminLogin].map(({ caller }) => parent(caller))).toEqual([
      own.id,
      own.id,
      undefined,
      undefined,
    ]);
    expect(parent(OWNER)).toBeUndefined();
    expect(parent(admin.caller, own.id)).toBe(own.id);
    expect([parent(own.caller, own.key), parent(own.caller, admin.id)]).toEqual([own.id, "forbidden"]);
    for (const { caller } of [admin, own, login]) expect(parent(caller, login.key)).toBe("bad_request");
  });
});
