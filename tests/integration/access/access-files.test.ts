import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { Access } from "../../../src/access/access.ts";
import { PrivateDatabase } from "../../../src/access/private-database.ts";
import { TempDir } from "../../support/temp-dir.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const modes = (folder: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(folder)
      .toSorted()
      .map((name) => [name, (statSync(`${folder}/${name}`).mode & 0o777).toString(8)]),
  );

/** With files of a daemon that had one admin. */
async function used(): Promise<{ dir: TempDir; key: string; id: string }> {
  const dir = new TempDir();
  using access = new Access({ folder: dir.path });
  const { key, record } = await access.accounts.createAdmin("root", "hunter2 is my password");
  return { dir, key, id: record.id };
}

test("the files are their owner's alone whatever the umask, and so is what SQLite puts beside them", () => {
  using dir = new TempDir();
  const before = process.umask(0);
  try {
    using access = new Access({ folder: dir.path });
    expect(access.keyring.all()).toEqual([]);
    expect(modes(dir.path)).toEqual({ "auth.db": "600", "keys.db": "600" });
    for (const mode of ["wal", "delete"]) {
      using database = PrivateDatabase.open({ path: dir.file(`${mode}.db`), what: "x", schema: "CREATE TABLE t (a)" });
      database.all({ sql: `PRAGMA journal_mode = ${mode}`, read: () => undefined });
      database.atomically(() => {
        database.run("INSERT INTO t VALUES (?)", 1);
        const beside = Object.entries(modes(dir.path)).filter(([name]) => name.startsWith(`${mode}.db-`));
        expect(beside.length).toBeGreaterThan(0);
        expect(beside.every(([, bits]) => bits === "600")).toBe(true);
      });
    }
  } finally {
    process.umask(before);
  }
});

test("keys and users outlive the daemon; neither a key nor a password is in the files", async () => {
  const { dir, key, id } = await used();
  using _ = dir;
  for (const name of readdirSync(dir.path)) {
    const bytes = readFileSync(dir.file(name)).toString("latin1");
    expect(bytes).not.toContain(key);
    expect(bytes).not.toContain(Buffer.from(key, "hex").toString("latin1"));
    expect(bytes).not.toContain("hunter2");
  }
  using access = new Access({ folder: dir.path });
  expect(access.keyring.callerOf(key)?.keyId).toBe(id);
  expect(await access.accounts.authenticate("root", "hunter2 is my password")).toMatchObject({ key: id });
  access.keyring.revoke(id);
  using again = new Access({ folder: dir.path });
  expect(again.keyring.callerOf(key)).toBeUndefined();
});

test("what was deleted can't be read off the file", async () => {
  const { dir, id } = await used();
  using _ = dir;
  {
    using access = new Access({ folder: dir.path });
    access.keyring.revoke(id);
    access.accounts.delete("root");
  }
  for (const name of ["keys.db", "auth.db"]) {
    const bytes = readFileSync(dir.file(name)).toString("latin1");
    expect(bytes).not.toContain(id);
    expect(bytes).not.toContain("argon2id");
  }
});

const refusal = (dir: TempDir): string => {
  const { code, message } = thrownBy(() => new Access({ folder: dir.path }));
  expect(code).toBe("state_unusable");
  return message.replaceAll(dir.path, "DIR");
};

test("a file that others may read, or a folder that they may change, is refused with the way out", async () => {
  const { dir } = await used();
  using _ = dir;
  chmodSync(dir.file("keys.db"), 0o640);
  expect(refusal(dir)).toBe(
    'Cannot use key store "DIR/keys.db": others may use it (mode 0640) (chmod 600 DIR/keys.db)',
  );
  chmodSync(dir.file("keys.db"), 0o600);
  chmodSync(dir.file("auth.db"), 0o604);
  expect(refusal(dir)).toBe(
    'Cannot use user store "DIR/auth.db": others may use it (mode 0604) (chmod 600 DIR/auth.db)',
  );
  chmodSync(dir.file("auth.db"), 0o600);
  writeFileSync(dir.file("keys.db-journal"), "", { mode: 0o644 });
  expect(refusal(dir)).toContain("others may use it (mode 0644) (chmod 600 DIR/keys.db-journal)");
  chmodSync(dir.file("keys.db-journal"), 0o600);
  chmodSync(dir.path, 0o770);
  expect(refusal(dir)).toBe('Cannot use key store "DIR/keys.db": others may change its folder (chmod go-w DIR)');
  chmodSync(dir.path, 0o700);
  using access = new Access({ folder: dir.path });
  expect(access.accounts.all()).toHaveLength(1);
});

test("a damaged or foreign file is refused, and is not touched", async () => {
  const { dir } = await used();
  using _ = dir;
  const path = dir.file("keys.db");
  const whole = readFileSync(path);
  const tried = (bytes: Uint8Array | string): string => {
    writeFileSync(path, bytes, { mode: 0o600 });
    const message = refusal(dir);
    expect(readFileSync(path)).toEqual(Buffer.from(bytes));
    return message;
  };
  const restore = "(restore it, or move it away for an empty one)";
  expect(tried("hello".repeat(1000))).toBe(
    `Cannot use key store "DIR/keys.db": it is damaged, or no database of gaffer's ${restore}`,
  );
  expect(tried(whole.subarray(0, 5000))).toStartWith('Cannot use key store "DIR/keys.db": it is damaged');
  expect(tried(Buffer.concat([whole.subarray(0, 4096), new Uint8Array(whole.length - 4096)]))).toStartWith(
    'Cannot use key store "DIR/keys.db": it is damaged',
  );

  const foreign = dir.file("foreign.db");
  using database = new Database(foreign);
  database.run("CREATE TABLE keys (key TEXT PRIMARY KEY, data TEXT, parent TEXT)");
  expect(tried(readFileSync(foreign))).toBe(
    `Cannot use key store "DIR/keys.db": its tables are not those of this gaffer ${restore}`,
  );
  database.run("PRAGMA user_version = 2");
  expect(tried(readFileSync(foreign))).toBe(`Cannot use key store "DIR/keys.db": a newer gaffer made it ${restore}`);
  writeFileSync(path, whole, { mode: 0o600 });
  using access = new Access({ folder: dir.path });
  expect(access.keyring.all()).toHaveLength(1);
});

test("a row that is damaged is an error of the store, not of whoever asks", async () => {
  const { dir, key } = await used();
  using _ = dir;
  using access = new Access({ folder: dir.path });
  using database = new Database(dir.file("keys.db"));
  database.run("UPDATE keys SET permissions = '{'");
  expect(thrownBy(() => access.keyring.callerOf(key))).toEqual({
    code: "state_unusable",
    message: `Cannot use key store "${dir.path}/keys.db": it is damaged (restore it, or move it away for an empty one)`,
  });
  database.run(`UPDATE keys SET permissions = '{"sudo":true}'`);
  expect(thrownBy(() => access.keyring.callerOf(key)).code).toBe("state_unusable");
});

test("what is no file, or has no folder, is refused; a link to a file of ours is followed", async () => {
  const { dir } = await used();
  using _ = dir;
  const at = (keys: string): string =>
    thrownBy(() => new Access({ folder: dir.path, keys })).message.replaceAll(dir.path, "DIR");
  mkdirSync(dir.file("folder"));
  expect(at("folder")).toStartWith('Cannot use key store "DIR/folder": it is no file');
  expect(at("none/keys.db")).toBe('Cannot use key store "DIR/none/keys.db": its folder does not exist');
  expect(at("keys.db/x")).toBe('Cannot use key store "DIR/keys.db/x": a part of its path is no folder');
  copyFileSync(dir.file("keys.db"), dir.file("real.db"));
  symlinkSync("real.db", dir.file("link.db"));
  using access = new Access({ folder: dir.path, keys: "link.db" });
  expect(access.keyring.all()).toHaveLength(1);
});
