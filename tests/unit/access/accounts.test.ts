import { describe, expect, test } from "bun:test";
import { Access } from "../../../src/access/access.ts";
import { Accounts } from "../../../src/access/accounts.ts";
import { Keyring } from "../../../src/access/keyring.ts";
import { KeyStore } from "../../../src/access/key-store.ts";
import { Passwords } from "../../../src/access/passwords.ts";
import { type UserRecord, UserStore } from "../../../src/access/user-store.ts";
import { rejectedBy } from "../../support/rejected-by.ts";
import { thrownBy } from "../../support/thrown-by.ts";

/** As cheap as argon2id can be. */
const cheap = new Passwords({ memoryCost: 8, timeCost: 1 });

const opened = () => {
  const [keys, store] = [new KeyStore(":memory:"), new UserStore(":memory:")];
  const keyring = new Keyring({ store: keys });
  const accounts = new Accounts({ store, keyring, passwords: cheap });
  const dispose = (): void => {
    keys[Symbol.dispose]();
    store[Symbol.dispose]();
  };
  return { store, keyring, accounts, [Symbol.dispose]: dispose };
};

const user = (username: string, more: Partial<UserRecord> = {}): UserRecord => ({
  username,
  passwordHash: "test",
  userType: 0,
  key: undefined,
  extra: {},
  ...more,
});

test("UserStore creates users, refuses one that is there, has, gets, changes and deletes them", () => {
  using store = new UserStore(":memory:");
  store.add(user("test"));
  expect(thrownBy(() => store.add(user("test")))).toEqual({
    code: "user_exists",
    message: 'Cannot add user "test": there is one of that name',
  });
  expect(store.get("test")).toEqual(user("test"));
  expect(store.get("test1")).toBeUndefined();
  store.add(user("test1", { userType: 1, extra: { mail: "a@b", nested: [1] } }));
  expect(store.all()).toEqual([user("test"), user("test1", { userType: 1, extra: { mail: "a@b", nested: [1] } })]);
  store.update(user("test", { passwordHash: "test1" }));
  expect(store.get("test")?.passwordHash).toBe("test1");
  store.update(user("test", { key: "test_key" }));
  expect(store.get("test")).toEqual(user("test", { key: "test_key" }));
  store.update(user("test"));
  expect(store.get("test")).toEqual(user("test"));
  store.delete("test");
  expect(store.get("test")).toBeUndefined();
  expect(thrownBy(() => store.delete("test"))).toEqual({
    code: "user_not_found",
    message: 'Cannot delete user "test": there is no such user',
  });
  expect(thrownBy(() => store.update(user("test"))).code).toBe("user_not_found");
});

describe("Accounts", () => {
  test("keep passwords as argon2id hashes, and never give one", async () => {
    using at = opened();
    const account = await at.accounts.create("Test", { password: "pässword\0x" });
    expect(account).toEqual({ username: "test", userType: 1, key: undefined, extra: {} });
    expect(await rejectedBy(at.accounts.create("tEST", { password: "x" }))).toEqual({
      code: "user_exists",
      message: 'Cannot add user "test": there is one of that name',
      exitCode: 1,
    });
    expect([at.accounts.find("TEST"), at.accounts.find("test1")]).toEqual([account, undefined]);
    const first = at.store.get("test")?.passwordHash;
    expect(first).toStartWith("$argon2id$");
    await at.accounts.setPassword("TEST", "test1");
    expect(at.store.get("test")?.passwordHash).not.toBe(first);
    expect(JSON.stringify([at.accounts.all(), at.accounts.get("test")])).not.toContain("argon2");

    const { record } = at.keyring.mint({ permissions: {} });
    at.accounts.setKey("test", record.id);
    expect(at.accounts.get("test").key).toBe(record.id);
    await at.accounts.update("test", { password: "again", extra: { mail: "a@b" } });
    expect(at.accounts.get("test")).toEqual({ username: "test", userType: 1, key: undefined, extra: { mail: "a@b" } });
    at.accounts.delete("Test");
    expect(thrownBy(() => at.accounts.get("Test"))).toEqual({
      code: "user_not_found",
      message: 'Cannot find user "Test": there is no such user',
    });
  });

  test("authenticate a user by the right password alone", async () => {
    using at = opened();
    await at.accounts.create("test", { password: "right" });
    expect(await at.accounts.authenticate("TEST", "right")).toMatchObject({ username: "test" });
    for (const [name, password] of [
      ["test", "wrong"],
      ["test", ""],
      ["test", "?"],
      ["test", "right "],
      ["test", "Right"],
      ["test", "right".repeat(1000)],
      ["test1", "right"],
      ["", ""],
    ] as const) {
      expect([name, password, await at.accounts.authenticate(name, password)]).toEqual([name, password, undefined]);
    }
  });

  test("look as long for a user who is not there as at a wrong password: a hash is checked each time", async () => {
    using at = opened();
    await at.accounts.create("test", { password: "right" });
    const checked: (string | undefined)[] = [];
    class Watched extends Passwords {
      override verify(password: string, hash: string | undefined): Promise<boolean> {
        checked.push(hash);
        return super.verify(password, hash);
      }
    }
    const watched = new Accounts({ store: at.store, keyring: at.keyring, passwords: new Watched() });
    await watched.authenticate("test", "wrong");
    await watched.authenticate("nobody", "wrong");
    expect(checked).toEqual([at.store.get("test")?.passwordHash, undefined]);
  });

  test.each(["", "a b", "a:b", "a/b", "-a", ".a", "é", "x".repeat(65), "a\n"])("refuse the name %j", async (name) => {
    using at = opened();
    expect((await rejectedBy(at.accounts.create(name, { password: "x" }))).message).toStartWith(
      `Cannot use user name ${JSON.stringify(name)}`,
    );
    expect(at.accounts.all()).toEqual([]);
  });

  test("refuse a password that is none, and a key that is not there; nobody is taken in then", async () => {
    using at = opened();
    const create = async (wish: Parameters<Accounts["create"]>[1]) =>
      (await rejectedBy(at.accounts.create("u", wish))).message;
    expect(await create({ password: "" })).toBe("Cannot use the password: it is empty");
    expect(await create({ password: "é".repeat(513) })).toBe("Cannot use the password: it is longer than 1024 bytes");
    expect(await create({ password: "x", key: "nope" })).toBe("Cannot find the key: there is none of this id");
    expect(at.accounts.all()).toEqual([]);
    await at.accounts.create("u", { password: "é".repeat(512) });
    expect(await at.accounts.authenticate("u", "é".repeat(512))).toBeDefined();
    expect(thrownBy(() => at.accounts.setKey("u", "nope")).code).toBe("key_not_found");
    expect(thrownBy(() => at.accounts.setKey("v", "nope")).code).toBe("user_not_found");
    expect((await rejectedBy(at.accounts.setPassword("v", "x"))).code).toBe("user_not_found");
    expect((await rejectedBy(at.accounts.update("v", { password: "x" }))).code).toBe("user_not_found");
  });

  test("an admin has a key of everything; if the user can't be taken in, there is no key either", async () => {
    using at = opened();
    const { key, record } = await at.accounts.createAdmin("Root", "x");
    expect(record).toMatchObject({ label: "admin key", permissions: { admin: true } });
    expect(at.accounts.all()).toEqual([{ username: "root", userType: 0, key: record.id, extra: {} }]);
    expect(at.keyring.callerOf(key)?.may("admin")).toBe(true);
    expect((await rejectedBy(at.accounts.createAdmin("root", "y"))).code).toBe("user_exists");
    expect(at.keyring.all()).toEqual([record]);
  });

  test("who logs in gets a new key that may what the user's may, and ends with it", async () => {
    using at = opened();
    const own = at.keyring.mint({ permissions: { read: ["a"] } });
    const account = await at.accounts.create("u", { password: "x", key: own.key });
    expect(account.key).toBe(own.record.id);
    const { key, record } = at.accounts.login(account);
    expect(record).toMatchObject({ label: "login of u", permissions: { read: ["a"] }, parent: own.record.id });
    expect(at.accounts.isOwn("U", record.id)).toBe(true);
    expect(at.accounts.isOwn("u", own.record.id)).toBe(true);
    expect(at.accounts.isOwn("u", at.keyring.mint({ permissions: {} }).record.id)).toBe(false);
    expect(at.accounts.isOwn("v", record.id)).toBe(false);
    at.keyring.revoke(own.record.id);
    expect(at.keyring.callerOf(key)).toBeUndefined();
    expect(thrownBy(() => at.accounts.login(account))).toEqual({
      code: "forbidden",
      message: 'Cannot log in user "u": there is no key for this user',
    });
    await at.accounts.create("v", { password: "x" });
    expect(thrownBy(() => at.accounts.login(at.accounts.get("v"))).code).toBe("forbidden");
  });

  test("logins end with the password, the key and the user; the user's own key stays", async () => {
    using at = opened();
    const own = at.keyring.mint({ permissions: {} });
    const other = at.keyring.mint({ permissions: {} });
    await at.accounts.create("u", { password: "x", key: own.record.id });
    const ends = async (change: () => unknown): Promise<boolean> => {
      const { key } = at.accounts.login(at.accounts.get("u"));
      expect(at.keyring.callerOf(key)).toBeDefined();
      await change();
      return at.keyring.callerOf(key) === undefined;
    };
    expect(await ends(() => at.accounts.setPassword("u", "y"))).toBe(true);
    expect(await ends(() => at.accounts.setKey("u", other.record.id))).toBe(true);
    expect(await ends(() => at.accounts.update("u", { password: "x", key: own.record.id }))).toBe(true);
    expect(await ends(() => at.accounts.delete("u"))).toBe(true);
    expect(at.keyring.all().map(({ id }) => id)).toEqual([own.record.id, other.record.id]);
  });

  test("of a user's logins the last 20 are kept", async () => {
    using at = opened();
    const own = at.keyring.mint({ permissions: {} });
    await at.accounts.create("u", { password: "x", key: own.record.id });
    const keys = Array.from({ length: 22 }, () => at.accounts.login(at.accounts.get("u")).key);
    const live = keys.map((key) => at.keyring.callerOf(key) !== undefined);
    expect(live).toEqual([false, false, ...Array.from({ length: 20 }, () => true)]);
  });
});

test("Passwords are checked one at a time, and no more than 32 wait", async () => {
  const passwords = new Passwords({ memoryCost: 8, timeCost: 1 });
  const hash = await passwords.hash("x");
  const asked = Array.from({ length: 33 }, () => passwords.verify("x", hash));
  const settled = await Promise.allSettled(asked);
  expect(settled.slice(0, 32).map((one) => one.status === "fulfilled" && one.value)).toEqual(
    Array.from({ length: 32 }, () => true),
  );
  expect(settled[32]).toMatchObject({ status: "rejected", reason: { code: "too_many_requests", status: 429 } });
  expect(await passwords.verify("x", hash)).toBe(true);
});

test("Access refuses one file for keys and users, but for memory", () => {
  using access = new Access({ folder: "/", keys: ":memory:", users: ":memory:" });
  expect(access.accounts.all()).toEqual([]);
  expect(thrownBy(() => new Access({ folder: "/tmp", keys: "a.db", users: "./a.db" }))).toEqual({
    code: "usage",
    message: 'Cannot keep keys and users in one file "/tmp/a.db": they need two',
  });
});
