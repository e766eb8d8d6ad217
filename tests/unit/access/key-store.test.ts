import { expect, test } from "bun:test";
import { KeyStore, type KeyRecord } from "../../../src/access/key-store.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const record = (id: string, parent?: string): KeyRecord => ({
  id,
  label: `label of ${id}`,
  permissions: { read: ["a"] },
  parent,
  username: undefined,
  created: 5,
});

test("KeyStore sets, has, gets and deletes keys, refuses one that is there, and tells sub-keys from the rest", () => {
  using store = new KeyStore(":memory:");
  store.add({ key: "secret", ...record("test") });
  expect(thrownBy(() => store.add({ key: "another", ...record("test") }))).toEqual({
    code: "key_exists",
    message: 'Cannot add key "test": it is there already',
  });
  expect(thrownBy(() => store.add({ key: "secret", ...record("test2") })).code).toBe("key_exists");
  expect(store.byId("test")).toEqual(record("test"));
  expect(store.byKey("secret")).toEqual(record("test"));
  expect(store.byKey("another")).toBeUndefined();
  expect(store.byKey("test")).toBeUndefined();
  expect(store.delete("test")).toEqual([record("test")]);
  expect(store.byId("test")).toBeUndefined();
  expect(store.byKey("secret")).toBeUndefined();
  expect(store.delete("test")).toEqual([]);

  store.add({ key: "secret", ...record("test") });
  store.add({ key: "secret1", ...record("test1", "test") });
  expect(store.children("test")).toEqual([record("test1", "test")]);
  expect(store.children("test1")).toEqual([]);
  expect(store.all()).toEqual([record("test"), record("test1", "test")]);
});

test("KeyStore.delete() takes a key's children with it, and theirs", () => {
  using store = new KeyStore(":memory:");
  for (const [id, parent] of [["a"], ["b", "a"], ["c", "b"], ["d", "a"], ["e"], ["f", "e"]] as const) {
    store.add({ key: `secret ${id}`, ...record(id, parent) });
  }
  expect(store.family("a").map(({ id }) => id)).toEqual(["a", "b", "d", "c"]);
  expect(store.delete("a").map(({ id }) => id)).toEqual(["a", "b", "d", "c"]);
  expect(store.all().map(({ id }) => id)).toEqual(["e", "f"]);
});

test("KeyStore.ofUser() gives the keys of a user's logins, the oldest first", () => {
  using store = new KeyStore(":memory:");
  for (const id of ["z", "a", "m"]) store.add({ key: `secret ${id}`, ...record(id), username: "u" });
  store.add({ key: "secret", ...record("other") });
  expect(store.ofUser("u").map(({ id }) => id)).toEqual(["z", "a", "m"]);
  expect(store.ofUser("v")).toEqual([]);
});
