import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, lstatSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { type GafferEnd, runGaffer } from "../support/gaffer-run.ts";
import { KeyedDaemon, ROOT_PASSWORD } from "../support/keyed-daemon.ts";
import { RunningDaemon } from "../support/running-daemon.ts";
import { TempDir } from "../support/temp-dir.ts";
import { TerminalGaffer } from "../support/terminal-gaffer.ts";

setDefaultTimeout(30_000);

let at: KeyedDaemon;
let home: TempDir;
beforeAll(async () => {
  at = await KeyedDaemon.start();
  home = new TempDir();
  await at.as(at.admin, "POST /jobs/s?wait=20", { name: "a", cmd: "sleep 1000" });
});
afterAll(async () => {
  await at[Symbol.asyncDispose]();
  home[Symbol.dispose]();
});

const env = (more: Record<string, string> = {}): Record<string, string | undefined> => ({
  HOME: home.path,
  GAFFER_CONFIG: undefined,
  GAFFER_API_KEY: undefined,
  GAFFER_ENDPOINT: `http://${at.daemon.host}`,
  ...more,
});

interface Given {
  readonly input?: string;
  readonly env?: Record<string, string>;
}

const run = (words: string, { input, env: more }: Given = {}): Promise<GafferEnd> =>
  runGaffer(words.split(" "), {
    cwd: home.path,
    endpoint: `http://${at.daemon.host}`,
    env: env(more),
    ...(input === undefined ? {} : { input }),
  });

/** What a command of an administrator says. @throws if it does not end with 0 */
async function said(words: string, given: Given = {}): Promise<string> {
  const { code, stdout, stderr } = await run(words, { ...given, env: { GAFFER_API_KEY: at.admin, ...given.env } });
  if (code !== 0) throw new Error(`${words}: ${code} ${stdout}${stderr}`);
  return stdout;
}

describe("gaffer daemon --create-admin-user", () => {
  const words = ["daemon", "--state-dir", "state", "--create-admin-user"];

  test("asks at a terminal for the name, and twice for the password, which is not shown", async () => {
    using dir = new TempDir();
    await using gaffer = new TerminalGaffer(words, { cwd: dir.path });
    await gaffer.shows(/username: /);
    gaffer.type("Ann\n");
    await gaffer.shows(/password of Ann: $/);
    gaffer.type("huntex\x7f2\n");
    await gaffer.shows(/password of Ann, again: $/);
    gaffer.type("hunte2\r");
    expect(await gaffer.ended(/key: [0-9a-f]{64}\r\n/)).toBe(0);
    expect(gaffer.screen).toContain("username: ann\r\n");
    expect(gaffer.screen).not.toMatch(/hunt/);
    expect(statSync(dir.file("state/auth.db")).mode & 0o777).toBe(0o600);
    const { stdout } = await runGaffer(["daemon", "--state-dir", "state", "--list-admins"], { cwd: dir.path });
    expect(stdout).toMatch(/^ann - [0-9a-f]{16}\n$/);
  });

  test("makes nobody if the two differ, it is cancelled, or the name is taken", async () => {
    using dir = new TempDir();
    const known = [...words, "--username", "ann"];
    {
      await using gaffer = new TerminalGaffer(known, { cwd: dir.path });
      await gaffer.shows(/password of ann: $/);
      gaffer.type("one\n");
      await gaffer.shows(/again: $/);
      gaffer.type("other\n");
      expect(await gaffer.ended(/the two are not the same/)).toBe(2);
    }
    {
      await using gaffer = new TerminalGaffer(known, { cwd: dir.path });
      await gaffer.shows(/password of ann: $/);
      gaffer.type("one\x03");
      expect(await gaffer.ended(/it was cancelled/)).toBe(2);
    }
    const list = ["daemon", "--state-dir", "state", "--list-admins"];
    expect((await runGaffer(list, { cwd: dir.path })).stdout).toBe("");
    const file = dir.write("password", "from a file\nsecond line\n");
    const first = await runGaffer([...known, "--password-file", file], { cwd: dir.path });
    expect([first.code, first.stdout]).toEqual([0, expect.stringMatching(/^username: ann\nkey: [0-9a-f]{64}\n$/)]);
    const twice = await runGaffer([...known, "--password-file", file], { cwd: dir.path });
    expect([twice.code, twice.stdout, twice.stderr]).toEqual([
      1,
      "",
      expect.stringContaining('Cannot add user "ann": there is one of that name'),
    ]);
    const bob = [...words, "--username", "bob"];
    const none = await runGaffer([...bob, "--password-file", "nowhere"], { cwd: dir.path });
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining("ENOENT")]);
    const silent = await runGaffer(words, { cwd: dir.path });
    expect([silent.code, silent.stderr]).toEqual([2, expect.stringContaining("name one with --username NAME")]);
    const argv = await runGaffer([...bob, "--password", "x"], { cwd: dir.path });
    expect([argv.code, argv.stderr]).toEqual([2, expect.stringContaining('"--password')]);
  });
});

/** What logins have kept. */
const config = (): string => readFileSync(home.file(".gaffer/gaffer.ini"), "utf8");

describe("gaffer login", () => {
  test("keeps a key for each address, for its owner alone, and later commands use it", async () => {
    const refused = await run("ctl jobs");
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("without a key")]);
    const other = '# mine\n[node "http://ops:5000"]\nkey = theirs\ncacert = ca.pem\n';
    home.write(".gaffer/gaffer.ini", other);
    chmodSync(home.file(".gaffer/gaffer.ini"), 0o644);
    const done = await run("login -u root --password-file -", { input: ROOT_PASSWORD });
    expect([done.code, done.stdout, done.stderr]).toEqual([0, "", expect.stringContaining("'root' authenticated")]);
    const [, key = ""] =
      new RegExp(
        `^${other.replaceAll(/[[\]]/g, "\\$&")}\n\\[node "http://${at.daemon.host}"\\]\nkey = ([0-9a-f]{64})\n$`,
      ).exec(config()) ?? [];
    expect(done.stderr).not.toContain(key || "no key was kept");
    expect(statSync(home.file(".gaffer/gaffer.ini")).mode & 0o777).toBe(0o600);
    expect(readdirSync(home.file(".gaffer"))).toEqual(["gaffer.ini"]);
    expect((await run("ctl jobs")).stdout).toContain("s.a");
    // Of another address, or over another protocol, nothing is told.
    expect((await run(`ctl jobs -g http://localhost:${at.daemon.port}`)).code).toBe(1);

    // Again: in the place of the first, and through a link.
    const { key: reader } = await at.key({ read: ["s"] });
    await at.as(at.admin, "POST /users", { username: "reader", password: "x", key: reader });
    symlinkSync(".gaffer/gaffer.ini", home.file("link.ini"));
    const linked = { env: { GAFFER_CONFIG: home.file("link.ini") } };
    expect((await run("login -u reader --password-file -", { input: "x\n", ...linked })).code).toBe(0);
    expect(lstatSync(home.file("link.ini")).isSymbolicLink()).toBe(true);
    expect(config()).toStartWith(other);
    expect(config()).not.toContain(key);
    expect((await run("ctl info s.a")).code).toBe(0);
    expect((await run("ctl jobs")).code).toBe(1);
    expect((await run("ctl stop s.a")).code).toBe(1);
  });

  test("--api-key-file goes before GAFFER_API_KEY, and that before what is kept", async () => {
    const jobs = async (words: string, key?: string): Promise<number> =>
      (await run(`ctl jobs${words}`, key === undefined ? {} : { env: { GAFFER_API_KEY: key } })).code;
    const [admin, wrong] = [home.write("admin.key", `${at.admin}\n`), home.write("wrong.key", "wrong\n")];
    // What is kept is a reader's, which may not list the jobs.
    expect(await jobs("")).toBe(1);
    expect(await jobs("", at.admin)).toBe(0);
    expect(await jobs("", "wrong")).toBe(1);
    expect(await jobs(` --api-key-file ${admin}`, "wrong")).toBe(0);
    expect(await jobs(` --api-key-file ${wrong}`, at.admin)).toBe(1);
    const piped = await run("ctl jobs --api-key-file -", { input: at.admin });
    expect(piped.code).toBe(0);
  });

  test("asks at a terminal, and keeps nothing if the password is wrong", async () => {
    const before = config();
    await using gaffer = new TerminalGaffer(["login"], { cwd: home.path, env: env() });
    await gaffer.shows(/username: /);
    gaffer.type("root\n");
    await gaffer.shows(/password of root: $/);
    gaffer.type("wrong\n");
    expect(await gaffer.ended(/user or password is wrong/)).toBe(1);
    expect(gaffer.screen).not.toMatch(/: wrong/);
    expect(config()).toBe(before);
    await using again = new TerminalGaffer(["login", "-u", "root"], { cwd: home.path, env: env() });
    await again.shows(/password of root: $/);
    again.type(`${ROOT_PASSWORD}\n`);
    expect(await again.ended(/'root' authenticated/)).toBe(0);
    expect(again.screen).not.toContain(ROOT_PASSWORD);
    expect(config()).not.toBe(before);
  });

  test("warns before a password goes where others can read it", async () => {
    // Ours, and yet not one of those that never leave the machine; nobody listens there.
    const { code, stderr } = await run("login -u x --password-file - -g http://0.0.0.0:1", { input: "x" });
    expect(code).toBe(3);
    expect(stderr).toContain("can read the password");
  });

  test("where no key is asked for there is nobody to log in", async () => {
    await using open = await RunningDaemon.start();
    const { code, stderr } = await run(`login -u x --password-file - -g http://${open.host}`, { input: "x" });
    expect([code, stderr]).toEqual([1, expect.stringContaining("no endpoint of this daemon asks for one")]);
  });
});

describe("gaffer ctl key and user", () => {
  test("take no key and no password on the command line", async () => {
    for (const words of [
      `ctl key show ${at.admin}`,
      `ctl key delete ${at.admin}`,
      `key:delete ${at.admin}`,
      `ctl key create --parent ${at.admin}`,
    ]) {
      const { code, stdout, stderr } = await run(words, { env: { GAFFER_API_KEY: at.admin } });
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).not.toContain(at.admin);
    }
    for (const words of ["login -p x", "ctl user add ann --password x", "user:add ann -p x", "ctl jobs --api-key x"]) {
      expect([words, (await run(words)).code]).toEqual([words, 2]);
    }
    expect((await at.as(at.admin, "GET /jobs")).status).toBe(200);
  });

  test("make keys of grants, list, show and take them back; the key itself is shown once", async () => {
    const made = await said("ctl key create +k +m s.a+rw t+r --label deploy");
    const [, id = "", key = ""] = /^id: ([0-9a-f]{16})\nkey: ([0-9a-f]{64})\n$/.exec(made) ?? [];
    const permissions = { create_key: true, manage: ["*"], read: ["s.a", "t"], write: ["s.a"] };
    expect(JSON.parse(await said(`ctl key show ${id} --json`))).toMatchObject({
      key: id,
      label: "deploy",
      permissions,
    });
    const second: { key: string } = JSON.parse(await said(`ctl key create t+r --parent ${id} --json`));
    expect(JSON.parse(await said(`ctl key show ${second.key} --json`))).toMatchObject({ parent: id });
    await said(`ctl key delete ${second.key}`);
    expect(await said("key:create +a --json")).toMatch(/"api_key":"[0-9a-f]{64}"/);
    const child = await said("ctl key create s+r --json", { env: { GAFFER_API_KEY: key } });
    const childId: string = JSON.parse(child).key;
    const list = await said("ctl key list");
    for (const shown of [id, "deploy", childId]) expect(list).toContain(shown);
    expect(list).not.toContain(key);
    expect(await said(`key ${id}`)).toContain(childId);
    expect(await said(`ctl key delete ${id}`)).toBe(`key ${id} taken back\nkey ${childId} taken back\n`);
    const gone = await run(`ctl key show ${id}`, { env: { GAFFER_API_KEY: at.admin } });
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining("there is none of this id")]);
    for (const words of [
      "ctl key create s+x",
      "ctl key create s",
      "ctl key create +",
      "ctl key show",
      "ctl key nope x",
    ]) {
      expect([words, (await run(words, { env: { GAFFER_API_KEY: at.admin } })).code]).toEqual([words, 2]);
    }
  });

  test("make users, change them and take them away, by the names of gaffer 0.5, too", async () => {
    const { key, id } = await at.key({ read: ["s"] });
    home.write("password", "pw\n");
    home.write("key", `${key}\n`);
    expect(await said("user:add Bob --password-file password --key-file key")).toBe("user bob added\n");
    expect(await said("ctl user add ann --password-file - --admin --json", { input: "pw" })).toContain('"user_type":0');
    expect(await said("ctl user list")).toMatch(/bob +application +[0-9a-f]{16}/);
    expect(JSON.parse(await said("ctl user show bob --json"))).toEqual({ username: "bob", user_type: 1, key: id });
    expect(await said("user bob")).toContain(id);
    expect((await run("login -u bob --password-file -", { input: "pw" })).code).toBe(0);
    expect(await said("user:setpassword bob --password-file -", { input: "pw2\n" })).toContain("changed");
    expect((await run("ctl info s.a")).code).toBe(1);
    expect((await run("login -u bob --password-file -", { input: "pw" })).code).toBe(1);
    const other = await at.key({ manage: ["s"] });
    expect(await said("ctl user setkey bob --key-file -", { input: other.key })).toContain("changed");
    expect(await said("user bob")).toContain(other.id);
    expect(await said("user:del bob")).toContain("deleted");
    expect((await run("user bob", { env: { GAFFER_API_KEY: at.admin } })).code).toBe(1);
    await said("ctl user del ann");
    expect(
      JSON.parse(await said("ctl user list --json")).map((one: { username: string }) => one.username),
    ).not.toContain("bob");
  });

  test("of who may not are refused with what is missing, and nothing happens", async () => {
    const { key } = await at.key({ manage: ["*"] });
    const before = await at.state();
    for (const [words, missing] of [
      ["ctl key list", "may not admin"],
      ["ctl key create s+r", "may not create key"],
      ["ctl user list", "may not admin"],
      ["ctl user add eve --password-file password", "may not create user"],
      ["ctl user del root", "may not"],
      ["ctl user setpassword root --password-file password", "may not"],
    ] as const) {
      const { code, stderr } = await run(words, { env: { GAFFER_API_KEY: key } });
      expect([words, code, stderr]).toEqual([words, 1, expect.stringContaining(missing)]);
      expect(stderr).not.toContain(key);
    }
    expect(await at.state()).toBe(before);
  });
});
