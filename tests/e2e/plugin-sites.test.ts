import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync } from "node:fs";
import { idle, PluginDir, pluginText } from "../support/plugin-dir.ts";
import { RawConnection } from "../support/raw-connection.ts";
import { type Answer, RunningDaemon } from "../support/running-daemon.ts";
import { TempDir } from "../support/temp-dir.ts";

const SECRET = "nobody may read this";
let plugins: PluginDir;
let outside: TempDir;
let daemon: RunningDaemon;

beforeAll(async () => {
  outside = new TempDir({ "secret.txt": SECRET, "folder/index.html": SECRET });
  plugins = new PluginDir({
    "secret.txt": SECRET,
    "ui/plugin/index.ts": `// ${SECRET}\n${pluginText(idle)}`,
    "ui/_site/index.html": "<h1>ui</h1>",
    "ui/_site/a b/ü.css": "a {}",
    "ui/_site/app.js": "0123456789",
    "ui/_site/data.json": "{}",
    "ui/_site/noend": "bytes",
    "ui/_site/folder/index.html": "inner",
    "ui/_site/empty/file.txt": "x",
    "ui/_site/.env": SECRET,
    "ui/_site/.git/config": SECRET,
    "ui/_siteevil/secret.txt": SECRET,
    "bare/index.html": "bare",
    "bare/more.txt": "more",
    "bare/.htpasswd": SECRET,
    "code/plugin/index.ts": pluginText(idle),
    "code/index.html": SECRET,
    "nothing/readme.txt": SECRET,
  });
  symlinkSync("app.js", plugins.file("ui/_site/inside.js"));
  symlinkSync(outside.file("secret.txt"), plugins.file("ui/_site/outside.txt"));
  symlinkSync(outside.path, plugins.file("ui/_site/out"));
  symlinkSync("/dev/zero", plugins.file("ui/_site/zero"));
  symlinkSync("loop", plugins.file("ui/_site/loop"));
  Bun.spawnSync(["mkfifo", plugins.file("ui/_site/pipe")]);
  daemon = await RunningDaemon.start({ args: ["-p", plugins.path] });
});

afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  plugins[Symbol.dispose]();
  outside[Symbol.dispose]();
});

const get = (path: string, headers: Record<string, string> = {}): Promise<Answer> =>
  daemon.request(`GET ${path}`, undefined, { headers });

/** Sends a path as it is, which no client does, and gives the whole answer. */
async function raw(path: string, method = "GET"): Promise<string> {
  using connection = await RawConnection.open(daemon.port);
  connection.send(`${method} ${path} HTTP/1.1\r\nHost: ${daemon.host}\r\nConnection: close\r\n\r\n`);
  return await connection.answered();
}

describe("a site", () => {
  test("is served with its pages, types and folders", async () => {
    for (const [path, type, text] of [
      ["/_plugin/ui/", "text/html;charset=utf-8", "<h1>ui</h1>"],
      ["/_plugin/ui/index.html", "text/html;charset=utf-8", "<h1>ui</h1>"],
      ["/_plugin/ui/a%20b/%C3%BC.css", "text/css;charset=utf-8", "a {}"],
      ["/_plugin/ui/app.js?v=1", "text/javascript;charset=utf-8", "0123456789"],
      ["/_plugin/ui/inside.js", "text/javascript;charset=utf-8", "0123456789"],
      ["/_plugin/ui/data.json", "application/json;charset=utf-8", "{}"],
      ["/_plugin/ui/noend", "application/octet-stream", "bytes"],
      ["/_plugin/ui/folder/", "text/html;charset=utf-8", "inner"],
      ["/_plugin/bare/", "text/html;charset=utf-8", "bare"],
      ["/_plugin/bare/more.txt", "text/plain;charset=utf-8", "more"],
    ] as const) {
      const answer = await get(path);
      expect([path, answer.status, answer.headers.get("content-type"), answer.text]).toEqual([path, 200, type, text]);
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    }
  });

  test("is redirected to its slash, and so are its folders", async () => {
    for (const [path, location] of [
      ["/_plugin/ui", "/_plugin/ui/"],
      ["/_plugin/ui?a=1&b=%20", "/_plugin/ui/?a=1&b=+"],
      ["/_plugin/ui/folder", "/_plugin/ui/folder/"],
      ["/_plugin/ui/a%20b", "/_plugin/ui/a%20b/"],
    ] as const) {
      const answer = await daemon.fetch(path, { redirect: "manual" });
      expect([answer.status, answer.headers.get("location")]).toEqual([308, location]);
    }
  });

  test("tells whether a file has changed, and gives a part of it", async () => {
    const first = await get("/_plugin/ui/app.js");
    const [tag, modified] = [first.headers.get("etag") ?? "", first.headers.get("last-modified") ?? ""];
    for (const headers of [
      { "if-none-match": tag },
      { "if-none-match": `"other", W/${tag}` },
      { "if-none-match": "*" },
      { "if-modified-since": modified },
    ]) {
      const again = await get("/_plugin/ui/app.js", headers);
      expect([headers, again.status, again.text, again.headers.get("etag")]).toEqual([headers, 304, "", tag]);
    }
    for (const headers of [{ "if-none-match": '"other"' }, { "if-modified-since": "never" }]) {
      expect((await get("/_plugin/ui/app.js", headers)).status).toBe(200);
    }
    for (const [range, status, text] of [
      ["bytes=2-4", 206, "234"],
      ["bytes=-3", 206, "789"],
      ["bytes=20-", 416, ""],
    ] as const) {
      const part = await get("/_plugin/ui/app.js", { range });
      expect([range, part.status, part.text]).toEqual([range, status, text]);
    }
    expect((await get("/_plugin/ui/app.js", { range: "bytes=2-4", "if-range": tag })).text).toBe("234");
    const other = await get("/_plugin/ui/app.js", { range: "bytes=2-4", "if-range": '"other"' });
    expect([other.status, other.text]).toEqual([200, "0123456789"]);
    plugins.write("ui/_site/changing.txt", "one");
    const before = (await get("/_plugin/ui/changing.txt")).headers.get("etag") ?? "";
    plugins.write("ui/_site/changing.txt", "two");
    utimesSync(plugins.file("ui/_site/changing.txt"), 1e9, 1e9);
    const after = await get("/_plugin/ui/changing.txt", { "if-none-match": before });
    expect([after.status, after.text]).toEqual([200, "two"]);
  });

  test("answers HEAD without a body, and nothing but GET and HEAD", async () => {
    const head = await raw("/_plugin/ui/app.js", "HEAD");
    expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(head).toMatch(/\r\ncontent-length: 10\r\n/i);
    expect(head).toEndWith("\r\n\r\n");
    for (const method of ["POST", "PUT", "DELETE", "PATCH"]) {
      const answer = await daemon.request(`${method} /_plugin/ui/app.js`);
      expect([method, answer.status, answer.headers.get("allow")]).toEqual([method, 405, "GET, HEAD, OPTIONS"]);
    }
  });

  test("is seen when it is put there, and gone when it is taken away", async () => {
    expect((await get("/_plugin/late/")).status).toBe(404);
    plugins.write("late/index.html", "late");
    expect((await get("/_plugin/late/")).text).toBe("late");
    const bodies = (await daemon.request("GET /plugins")).json;
    expect(Object(bodies).plugins).toContainEqual({
      name: "late",
      version: "",
      description: "",
      state: "site",
      error: null,
      path: plugins.file("late"),
      site: "/_plugin/late/",
    });
    mkdirSync(plugins.file("late/_site"));
    renameSync(plugins.file("late/index.html"), plugins.file("late/_site/index.html"));
    expect((await get("/_plugin/late/")).text).toBe("late");
    rmSync(plugins.file("late"), { recursive: true });
    expect((await get("/_plugin/late/")).status).toBe(404);
  });

  test("can't be left by any path, and shows no hidden file, no pipe and no device", async () => {
    const paths = [
      "/_plugin/ui/../../secret.txt",
      "/_plugin/ui/../plugin/index.ts",
      "/_plugin/ui/%2e%2e/plugin/index.ts",
      "/_plugin/ui/.%2e/plugin/index.ts",
      "/_plugin/ui/..%2fplugin%2findex.ts",
      "/_plugin/ui/..%2F..%2Fsecret.txt",
      "/_plugin/ui/..%5c..%5csecret.txt",
      "/_plugin/ui/..\\..\\secret.txt",
      "/_plugin/ui/%252e%252e/%252e%252e/secret.txt",
      "/_plugin/ui/folder/../../../secret.txt",
      "/_plugin/ui//etc/passwd",
      "/_plugin/ui/%2fetc%2fpasswd",
      "/_plugin/ui//index.html",
      "/_plugin/ui/./index.html/",
      "/_plugin/ui/index.html/",
      "/_plugin/ui/index.html/x",
      "/_plugin/ui/app.js%00.html",
      "/_plugin/ui/%00",
      "/_plugin/ui/.env",
      "/_plugin/ui/%2eenv",
      "/_plugin/ui/.git/config",
      "/_plugin/ui/outside.txt",
      "/_plugin/ui/out/secret.txt",
      "/_plugin/ui/out/folder/",
      "/_plugin/ui/zero",
      "/_plugin/ui/loop",
      "/_plugin/ui/pipe",
      "/_plugin/ui/empty/",
      `/_plugin/ui/${"a".repeat(5000)}`,
      "/_plugin/uI/",
      "/_plugin/../secret.txt",
      "/_plugin/%2e%2e/secret.txt",
      "/_plugin/..%2f/secret.txt",
      "/_plugin/./",
      "/_plugin/.",
      "/_plugin/%2e/secret.txt",
      "/_plugin//secret.txt",
      "/_plugin/secret.txt/",
      "/_plugin/ui%2f_siteevil/secret.txt",
      "/_plugin/ui/../_siteevil/secret.txt",
      "/_plugin/bare/.htpasswd",
      "/_plugin/code/",
      "/_plugin/code/index.html",
      "/_plugin/nothing/readme.txt",
      "/_plugin/",
      "/_plugin",
    ];
    for (const path of paths) {
      const answer = await raw(path);
      expect([path, answer]).toEqual([path, expect.stringMatching(/^HTTP\/1\.1 404 /)]);
      expect([path, answer.includes(SECRET), answer.includes("root:")]).toEqual([path, false, false]);
    }
    expect(await raw("/_plugin/ui/%ff")).toMatch(/^HTTP\/1\.1 400 /);
    expect((await get("/_plugin/ui/app.js")).status).toBe(200);
  });

  test("is open to nobody else than the rest of the API: names and origins are looked at", async () => {
    for (const headers of [{ host: "evil.example" }, { origin: "https://evil.example" }]) {
      const refused = await get("/_plugin/ui/", headers);
      expect([refused.status, refused.text.includes("<h1>")]).toEqual([403, false]);
    }
  });
});
