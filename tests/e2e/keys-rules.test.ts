import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { KeyedDaemon, ROOT_PASSWORD } from "../support/keyed-daemon.ts";
import type { Answer } from "../support/running-daemon.ts";
import { runGaffer } from "../support/gaffer-run.ts";

setDefaultTimeout(30_000);

let at: KeyedDaemon;
beforeAll(async () => {
  at = await KeyedDaemon.start();
});
afterAll(() => at[Symbol.asyncDispose]());

const auth = (name: string, password: string, method = "GET"): Promise<Answer> =>
  at.daemon.request(`${method} /auth`, undefined, {
    headers: { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}` },
  });

/** The key that a login gives. @throws if it gives none */
async function login(name: string, password: string): Promise<string> {
  const { status, json, text } = await auth(name, password);
  if (status !== 200) throw new Error(`${status} ${text}`);
  return String(Object(json).api_key);
}

const field = ({ json }: Answer, name: string): unknown => Object(json)[name];

/** Requests that are to be refused with 403, none of which may change anything. */
async function refused(key: string, requests: readonly (readonly [line: string, body?: unknown])[]): Promise<void> {
  const before = await at.state();
  for (const [line, body] of requests) {
    const answer = await at.as(key, line, body);
    expect([line, body, answer.status, field(answer, "code")]).toEqual([line, body, 403, "forbidden"]);
    expect(answer.text).not.toContain(key);
  }
  expect(await at.state()).toBe(before);
}

describe("keys", () => {
  test("are shown once, and then by their ids", async () => {
    const made = await at.as(at.admin, "POST /keys", { permissions: { read: ["s"] }, label: "a", key: "mine" });
    const [key, id] = [String(field(made, "api_key")), String(field(made, "key"))];
    expect([made.status, made.json]).toEqual([200, { ok: true, api_key: key, key: id }]);
    expect([key.length, id.length, key === "mine"]).toEqual([64, 16, false]);
    expect(made.headers.get("x-api-key")).toBe(key);
    expect(made.headers.get("location")).toBe(`/keys/${id}`);
    expect(made.headers.get("cache-control")).toBe("no-store");
    const shown = { key: id, label: "a", permissions: { read: ["s"] }, parent: null, username: null };
    for (const name of [id, key]) {
      const told = await at.as(at.admin, `GET /keys/${name}`);
      expect([told.status, told.json]).toEqual([200, { ...shown, created: expect.any(Number) }]);
    }
    const own = await at.as(key, `GET /keys/${id}?include_keys=true`);
    expect(own.json).toMatchObject({ ...shown, keys: [] });
    const list = await at.as(at.admin, "GET /keys");
    expect(field(list, "keys")).toContain(id);
    expect((await at.as(at.admin, "GET /keys?include_keys=true")).text).not.toContain(key);
    expect((await at.as(at.admin, `HEAD /keys/${id}`)).status).toBe(200);
    expect((await at.as(at.admin, "HEAD /keys/0000000000000000")).status).toBe(404);
    expect(field(await at.as(at.admin, "GET /keys/0000000000000000"), "code")).toBe("key_not_found");
    expect((await at.as(key, `DELETE /keys/${id}`)).json).toEqual({ ok: true, keys: [id] });
    expect((await at.as(key, "GET /jobs/s")).status).toBe(403);
    expect((await at.as(at.admin, `DELETE /keys/${id}`)).status).toBe(404);
  });

  test("that are to be made wrongly are refused, and none is made", async () => {
    const before = await at.state();
    for (const body of [
      { permissions: { admin: "yes" } },
      { permissions: { manage: "*" } },
      { permissions: { mange: [] } },
      { permissions: [] },
      { permissions: { read: ["a.b.c"] } },
      { label: 1 },
      { label: "x".repeat(201) },
      { lable: "x" },
      { parent: 1 },
      "[]",
      "{",
      "",
    ]) {
      expect([body, (await at.as(at.admin, "POST /keys", body)).status]).toEqual([body, 400]);
    }
    expect(field(await at.as(at.admin, "POST /keys", { parent: "nope" }), "code")).toBe("key_not_found");
    expect(await at.state()).toBe(before);
  });

  test("who may make keys may make none that administers what its own does not", async () => {
    const maker = await at.key({ create_key: true });
    await refused(maker.key, [
      ["POST /keys", { permissions: { admin: true } }],
      ["POST /keys", { permissions: { admin: true, read: ["s"] } }],
      ["POST /keys", { permissions: { create_user: true } }],
    ]);
    const made = await at.as(maker.key, "POST /keys", {
      permissions: { create_key: true, manage: ["*"], admin: false },
    });
    expect(made.status).toBe(200);
    expect((await at.as(String(field(made, "api_key")), "GET /jobs")).status).toBe(200);
  });

  test("of administrators, and what goes with them, are for administrators alone", async () => {
    const maker = await at.key({ create_key: true });
    const parent = await at.key({ read: ["s"] });
    const chief = await at.key({ admin: true }, { parent: parent.id });
    await refused(maker.key, [
      [`GET /keys/${chief.id}`],
      [`DELETE /keys/${chief.id}`],
      // It would take the administrator's key along.
      [`DELETE /keys/${parent.id}`],
      ["GET /keys"],
    ]);
    expect((await at.as(maker.key, `GET /keys/${parent.id}`)).status).toBe(200);
    expect((await at.as(at.admin, `DELETE /keys/${parent.id}`)).json).toEqual({
      ok: true,
      keys: [parent.id, chief.id],
    });
    expect((await at.as(chief.key, "GET /keys")).status).toBe(403);
  });

  test("go with the key that made them unless that is an administrator's; logins are nobody's parents", async () => {
    const maker = await at.key({ create_key: true });
    const other = await at.key({ read: ["s"] });
    const make = async (key: string, body: object): Promise<Answer> => at.as(key, "POST /keys", body);
    const parentOf = async (id: unknown): Promise<unknown> =>
      field(await at.as(at.admin, `GET /keys/${String(id)}`), "parent");
    const child = await make(maker.key, {});
    expect(await parentOf(field(child, "key"))).toBe(maker.id);
    const grandchild = await make(maker.key, { parent: field(child, "key") });
    expect(await parentOf(field(grandchild, "key"))).toBe(field(child, "key"));
    await refused(maker.key, [
      ["POST /keys", { parent: other.id }],
      ["POST /keys", { parent: "0000000000000000" }],
    ]);
    expect(await parentOf(field(await make(at.admin, {}), "key"))).toBeNull();
    expect(await parentOf(field(await make(at.admin, { parent: other.id }), "key"))).toBe(other.id);

    await at.as(at.admin, "POST /users", { username: "maker", password: "x", key: maker.id });
    const session = await login("maker", "x");
    const bySession = await make(session, {});
    expect(await parentOf(field(bySession, "key"))).toBe(maker.id);
    const refusedParent = await make(at.admin, { parent: session });
    expect([refusedParent.status, field(refusedParent, "code")]).toEqual([400, "bad_request"]);
    // The login ends, what was made with it stays.
    await at.as(at.admin, "PUT /users/maker/password", { password: "y" });
    expect((await at.as(session, "GET /jobs/s")).status).toBe(403);
    expect(await parentOf(field(bySession, "key"))).toBe(maker.id);
    const root = await login("root", ROOT_PASSWORD);
    expect(await parentOf(field(await make(root, {}), "key"))).toBeNull();
    const gone = await at.as(at.admin, `DELETE /keys/${maker.id}`);
    expect(new Set(Object(field(gone, "keys")))).toEqual(
      new Set([maker.id, ...[child, grandchild, bySession].map((one) => field(one, "key"))]),
    );
  });
});

describe("logins", () => {
  test("give a key of their own for name and password, in whatever case the name is", async () => {
    const first = await auth("ROOT", ROOT_PASSWORD);
    const key = String(field(first, "api_key"));
    expect([first.status, first.headers.get("x-api-key"), first.headers.get("cache-control")]).toEqual([
      200,
      key,
      "no-store",
    ]);
    expect([key === at.admin, key === (await login("root", ROOT_PASSWORD))]).toEqual([false, false]);
    expect((await at.as(key, "GET /keys")).status).toBe(200);
    const own = await at.as(key, `GET /keys/${String(field(first, "key"))}`);
    expect(own.json).toMatchObject({ username: "root", label: "login of root", permissions: { admin: true } });
    expect((await at.as(key, `DELETE /keys/${key}`)).status).toBe(200);
    expect((await at.as(key, "GET /keys")).status).toBe(403);
  });

  test("HEAD asks whether it would be one, and gives no key", async () => {
    const before = await at.state();
    const good = await auth("root", ROOT_PASSWORD, "HEAD");
    expect([good.status, good.headers.get("x-api-key")]).toEqual([200, null]);
    expect((await auth("root", "wrong", "HEAD")).status).toBe(401);
    expect(await at.state()).toBe(before);
  });

  test("are refused in the same words whatever is wrong", async () => {
    const before = await at.state();
    const [one, other] = [await auth("root", "wrong"), await auth("nobody", ROOT_PASSWORD)];
    expect([one.status, one.json]).toEqual([401, other.json]);
    for (const [name, password] of [
      ["root", ""],
      ["", ROOT_PASSWORD],
      ["root", `${ROOT_PASSWORD} `],
      ["root\0", ROOT_PASSWORD],
      ["root", "x".repeat(5000)],
    ] as const) {
      expect([name, (await auth(name, password)).status]).toEqual([name, 401]);
    }
    for (const authorization of ["Basic", "Basic ", "Basic !!!", "Basic cm9vdA==", `Bearer ${at.admin}`, "Digest x"]) {
      const answer = await at.daemon.request("GET /auth", undefined, { headers: { authorization } });
      expect([authorization, answer.status]).toEqual([authorization, 401]);
    }
    expect((await at.daemon.request("GET /auth")).status).toBe(401);
    expect((await at.daemon.request("POST /auth")).status).toBeOneOf([401, 405]);
    expect(await at.state()).toBe(before);
  });

  test("many wrong ones at once are refused, and the daemon goes on", async () => {
    const answers = await Promise.all(Array.from({ length: 60 }, () => auth("root", "wrong")));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 429]));
    expect((await auth("root", ROOT_PASSWORD)).status).toBe(200);
  });

  test("of a user without a key are none", async () => {
    await at.as(at.admin, "POST /users", { username: "keyless", password: "x" });
    const answer = await auth("keyless", "x");
    expect([answer.status, field(answer, "code")]).toEqual([403, "forbidden"]);
  });
});

describe("users", () => {
  test("are made, shown without a password, changed and taken away", async () => {
    const key = await at.key({ read: ["s"] });
    const made = await at.as(at.admin, "POST /users", {
      username: "Ann",
      password: "her's: ü",
      key: key.key,
      mail: "ann@ops.example",
      floors: [1, 2],
    });
    const ann = { username: "ann", user_type: 1, key: key.id, mail: "ann@ops.example", floors: [1, 2] };
    expect([made.status, made.json]).toEqual([200, { ok: true, ...ann }]);
    for (const name of ["ann", "ANN"]) expect((await at.as(at.admin, `GET /users/${name}`)).json).toEqual(ann);
    expect(field(await at.as(at.admin, "GET /users"), "users")).toContain("ann");
    expect(field(await at.as(at.admin, "GET /users?include_user=true"), "users")).toContainEqual(ann);
    const twice = await at.as(at.admin, "POST /users", { username: "aNN", password: "x" });
    expect([twice.status, field(twice, "code")]).toEqual([409, "user_exists"]);
    expect((await at.as(at.admin, "PUT /users/ann", { password: "new", mail: "a@b" })).json).toEqual({ ok: true });
    expect((await at.as(at.admin, "GET /users/ann")).json).toEqual({ ...ann, mail: "a@b" });
    expect((await auth("ann", "new")).status).toBe(200);
    expect((await at.as(at.admin, "HEAD /users/ann")).status).toBe(200);
    expect((await at.as(at.admin, "DELETE /users/ann")).status).toBe(200);
    expect((await at.as(at.admin, "HEAD /users/ann")).status).toBe(404);
    for (const line of ["GET /users/ann", "DELETE /users/ann"]) {
      expect([line, field(await at.as(at.admin, line), "code")]).toEqual([line, "user_not_found"]);
    }
    expect((await auth("ann", "new")).status).toBe(401);
    expect((await at.as(key.key, `GET /keys/${key.id}`)).status).toBe(200);
  });

  test("that are to be made wrongly are refused, without saying the password again", async () => {
    const before = await at.state();
    for (const [body, status] of [
      [{ username: "b" }, 400],
      [{ password: "hunter2" }, 400],
      [{ username: "b", password: 12_345_678 }, 400],
      [{ username: "b", password: ["hunter2"] }, 400],
      [{ username: "b", password: "" }, 400],
      [{ username: "b", password: "hunter2", user_type: 2 }, 400],
      [{ username: "b:c", password: "hunter2" }, 400],
      [{ username: "", password: "hunter2" }, 400],
      [{ username: "b", password: "hunter2", key: 5 }, 400],
      [{ username: "b", password: "hunter2", key: "none" }, 404],
    ] as const) {
      const answer = await at.as(at.admin, "POST /users", body);
      expect([body, answer.status]).toEqual([body, status]);
      expect(answer.text).not.toMatch(/hunter2|12345678/);
    }
    for (const [line, body] of [
      ["PUT /users/root", {}],
      ["PUT /users/root/password", {}],
      ["PUT /users/root/password", { password: "" }],
      ["PUT /users/root/password", { password: "x", more: 1 }],
      ["PUT /users/root/key", {}],
      ["PUT /users/root", { password: "x", username: "toor" }],
    ] as const) {
      expect([line, body, (await at.as(at.admin, line, body)).status]).toEqual([line, body, 400]);
    }
    expect(await at.state()).toBe(before);
    expect((await auth("root", ROOT_PASSWORD)).status).toBe(200);
  });

  test("who may make users makes no administrators, takes over none, and gives away no key but its own", async () => {
    const maker = await at.key({ create_user: true });
    const adminKey = Object((await at.as(at.admin, "GET /users/root")).json).key;
    const chief = await at.key({ admin: true });
    const keymaker = await at.key({ create_key: true });
    // No administrators by their type, but by their keys.
    await at.as(at.admin, "POST /users", { username: "hidden", password: "x", key: chief.id });
    await at.as(at.admin, "POST /users", { username: "keymaker", password: "x", key: keymaker.id });
    await at.as(at.admin, "POST /users", { username: "plain", password: "x" });
    const takeovers = ["root", "hidden", "keymaker"].flatMap((name) => [
      [`GET /users/${name}`] as const,
      [`PUT /users/${name}`, { password: "mine" }] as const,
      [`PUT /users/${name}/password`, { password: "mine" }] as const,
      [`PUT /users/${name}/key`, { key: maker.key }] as const,
      [`DELETE /users/${name}`] as const,
    ]);
    await refused(maker.key, [
      ...takeovers,
      ["POST /users", { username: "x", password: "x", user_type: 0 }],
      ["POST /users", { username: "x", password: "x", key: adminKey }],
      ["POST /users", { username: "x", password: "x", key: chief.id }],
      ["POST /users", { username: "x", password: "x", key: "0000000000000000" }],
      ["PUT /users/plain", { password: "x", user_type: 0 }],
      ["PUT /users/plain", { password: "x", key: chief.id }],
      ["PUT /users/plain/key", { key: adminKey }],
      ["GET /users"],
      ["GET /keys"],
      ["POST /keys", {}],
    ]);
    for (const name of ["root", "hidden", "keymaker"]) expect((await auth(name, "mine")).status).toBe(401);
    expect((await at.as(maker.key, "PUT /users/plain/key", { key: maker.id })).status).toBe(200);
    expect((await at.as(maker.key, "PUT /users/plain/password", { password: "y" })).status).toBe(200);
    expect((await at.as(maker.key, "GET /users/plain")).json).toEqual({
      username: "plain",
      user_type: 1,
      key: maker.id,
    });
  });

  test("care for themselves with their own key, and for nobody else", async () => {
    const key = await at.key({ read: ["s"] });
    await at.as(at.admin, "POST /users", { username: "self", password: "x", key: key.id });
    await at.as(at.admin, "POST /users", { username: "other", password: "x" });
    const session = await login("self", "x");
    for (const one of [key.key, session]) {
      expect((await at.as(one, "GET /users/self")).json).toMatchObject({ username: "self", key: key.id });
      await refused(one, [
        ["GET /users/other"],
        ["GET /users/none"],
        ["PUT /users/other/password", { password: "y" }],
        ["DELETE /users/other"],
        ["PUT /users/self", { password: "x", user_type: 0 }],
        ["PUT /users/self/key", { key: Object((await at.as(at.admin, "GET /users/root")).json).key }],
      ]);
    }
    expect((await at.as(session, "PUT /users/self/password", { password: "y" })).status).toBe(200);
    expect((await at.as(session, "GET /users/self")).status).toBe(403);
    expect((await at.as(key.key, "DELETE /users/self")).status).toBe(200);
  });
});

test("keys and users are what they were after the daemon was killed, and nothing of them is on the way", async () => {
  await using keyed = await KeyedDaemon.start();
  const { key, id } = await keyed.key({ manage: ["s"] });
  const taken = await keyed.key({ manage: ["s"] });
  await keyed.as(keyed.admin, `DELETE /keys/${taken.id}`);
  const before = await keyed.state();
  await keyed.daemon.stopped("SIGKILL");
  const words = ["daemon", "-c", "gaffer.ini", "--state-dir", "state", "--list-admins"];
  const { stdout, code } = await runGaffer(words, { cwd: keyed.daemon.dir.path });
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^root - [0-9a-f]{16}\n$/)]);
  await using again = await keyed.again();
  expect(await again.state()).toBe(before);
  expect((await again.as(key, `GET /keys/${id}`)).status).toBe(200);
  expect((await again.as(taken.key, "GET /ping")).status).toBe(200);
  expect((await again.as(taken.key, "GET /jobs/s")).status).toBe(403);
});
