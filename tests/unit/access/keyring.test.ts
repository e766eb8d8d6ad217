import { describe, expect, test } from "bun:test";
import { Keyring, looksLikeKey } from "../../../src/access/keyring.ts";
import { KeyStore } from "../../../src/access/key-store.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const opened = (cached?: number) => {
  const store = new KeyStore(":memory:");
  const keyring = new Keyring({ store, now: () => 7, ...(cached === undefined ? {} : { cached }) });
  return { store, keyring, [Symbol.dispose]: () => store[Symbol.dispose]() };
};

describe("Keyring", () => {
  test("makes keys of 256 random bits under ids that open nothing", () => {
    using at = opened();
    const { key, record } = at.keyring.mint({ permissions: { admin: true }, label: "some key" });
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(record).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
      label: "some key",
      permissions: { admin: true },
      parent: undefined,
      username: undefined,
      created: 7,
    });
    expect([looksLikeKey(key), looksLikeKey(record.id)]).toEqual([true, false]);
    expect(at.keyring.mint({ permissions: {} }).key).not.toBe(key);
    expect(at.keyring.callerOf(record.id)).toBeUndefined();
    expect(at.keyring.callerOf("")).toBeUndefined();
    expect(at.keyring.callerOf(key.repeat(5))).toBeUndefined();
    expect(at.keyring.callerOf(key.toUpperCase())).toBeUndefined();
    expect(at.keyring.callerOf(key)).toMatchObject({ label: `key ${record.id}`, keyId: record.id });
  });

  test("finds a key by its id and by itself, and tells nothing of it where it is not there", () => {
    using at = opened();
    const { key, record } = at.keyring.mint({ permissions: { read: ["a"] } });
    expect(at.keyring.get(record.id)).toEqual(record);
    expect(at.keyring.get(key)).toEqual(record);
    const error = { code: "key_not_found", message: "Cannot find the key: there is none of this id" };
    expect(thrownBy(() => at.keyring.get(`${key}0`))).toEqual(error);
    expect(thrownBy(() => at.keyring.mint({ permissions: {}, parent: "nope" }))).toEqual(error);
    expect(at.keyring.all()).toEqual([record]);
  });

  test("a key goes with its parent, named by id or by itself, and so do those below", () => {
    using at = opened();
    const a = at.keyring.mint({ permissions: { manage: ["*"] } });
    const b = at.keyring.mint({ permissions: {}, parent: a.key });
    const c = at.keyring.mint({ permissions: { read: ["*"] }, parent: b.record.id });
    const d = at.keyring.mint({ permissions: { read: ["*"] } });
    expect(b.record.parent).toBe(a.record.id);
    expect(at.keyring.children(a.record.id)).toEqual([b.record]);
    expect(at.keyring.family(a.record.id)).toEqual([a.record, b.record, c.record]);
    for (const { key } of [a, b, c, d]) expect(at.keyring.callerOf(key)).toBeDefined();
    expect([...at.keyring.cached].toSorted()).toEqual([a, b, c, d].map(({ record }) => record.id).toSorted());
    expect(at.keyring.revoke(a.record.id)).toEqual([a.record, b.record, c.record]);
    expect(at.keyring.cached).toEqual([d.record.id]);
    for (const { key } of [a, b, c]) expect(at.keyring.callerOf(key)).toBeUndefined();
    expect(at.keyring.callerOf(d.key)).toBeDefined();
    expect(at.keyring.revoke(a.record.id)).toEqual([]);
  });

  test("what a caller may is looked up each time: of a key that was taken back nothing", () => {
    using at = opened();
    const { key, record } = at.keyring.mint({ permissions: { manage: ["a"], create_key: true } });
    const caller = at.keyring.callerOf(key);
    expect(caller?.may("read", "a.b")).toBe(true);
    expect(caller?.may("create_key")).toBe(true);
    expect(caller?.may("read", "b.b")).toBe(false);
    expect(caller?.may("manage")).toBe(false);
    at.keyring.revoke(record.id);
    expect(caller?.may("read", "a.b")).toBe(false);
    expect(caller?.may("create_key")).toBe(false);
  });

  test("a caller whose key is not at hand any more still may what it may, until it is taken back", () => {
    using at = opened(2);
    const first = at.keyring.mint({ permissions: { read: ["*"] } });
    const caller = at.keyring.callerOf(first.key);
    for (let more = 0; more < 5; more++) at.keyring.callerOf(at.keyring.mint({ permissions: {} }).key);
    expect(at.keyring.cached).toHaveLength(2);
    expect(at.keyring.cached).not.toContain(first.record.id);
    expect(caller?.may("read")).toBe(true);
    expect(at.keyring.cached).toHaveLength(2);
    at.keyring.revoke(first.record.id);
    expect(caller?.may("read")).toBe(false);
  });

  test("the key used last stays at hand", () => {
    using at = opened(2);
    const [a, b, c] = [1, 2, 3].map(() => at.keyring.mint({ permissions: {} }));
    for (const one of [a, b, a, c]) at.keyring.callerOf(one?.key ?? "");
    expect(at.keyring.cached).toEqual([a?.record.id ?? "", c?.record.id ?? ""]);
  });

  test("tells of each key that is taken back, once it opens nothing", () => {
    using at = opened();
    const a = at.keyring.mint({ permissions: {} });
    const b = at.keyring.mint({ permissions: {}, parent: a.record.id });
    const told: unknown[] = [];
    const end = at.keyring.onRevoked((id) => told.push([id, at.keyring.callerOf(a.key), at.keyring.callerOf(b.key)]));
    at.keyring.revoke(a.record.id);
    expect(told).toEqual([
      [a.record.id, undefined, undefined],
      [b.record.id, undefined, undefined],
    ]);
    end();
    at.keyring.revoke(at.keyring.mint({ permissions: {} }).record.id);
    expect(told).toHaveLength(2);
  });
});
