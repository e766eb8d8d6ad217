import { describe, expect, test } from "bun:test";
import { chmodSync, chownSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { idle, PluginDir, pluginText } from "../support/plugin-dir.ts";
import { type GafferEnd, runGaffer } from "../support/gaffer-run.ts";
import { RunningDaemon } from "../support/running-daemon.ts";
import { TempDir } from "../support/temp-dir.ts";

type Listed = Readonly<Record<"name" | "state" | "version" | "description" | "path", string>> & {
  readonly error: string | null;
  readonly site: string | null;
};

async function listed(daemon: RunningDaemon): Promise<Listed[]> {
  const { code, stdout, stderr } = await runGaffer(["ctl", "plugins", "--json"], {
    cwd: daemon.dir.path,
    endpoint: `unix:${daemon.socket}`,
  });
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const states = async (daemon: RunningDaemon): Promise<Record<string, string>> =>
  Object.fromEntries((await listed(daemon)).map(({ name, state }) => [name, state]));

const errorOf = async (daemon: RunningDaemon, name: string): Promise<string> =>
  (await listed(daemon)).find((one) => one.name === name)?.error ?? "";

/** A daemon that is not expected to run. */
const attempt = (args: readonly string[], env: Record<string, string> = {}): Promise<GafferEnd> => {
  using dir = new TempDir();
  const own = ["daemon", "--bind", `unix:${dir.file("g.sock")}`, "--state-dir", dir.file("state")];
  return runGaffer([...own, ...args], { cwd: "/", env });
};

/** A plugin that says when it starts and stops. */
const saying = (name: string, fields = ""): string =>
  pluginText(
    `{ start() { console.log("start ${name}"); }, stop() { console.log("stop ${name}"); } }`,
    `name = "${name}"; ${fields}`,
  );

/** A folder that holds one plugin. */
const folder = (name: string): PluginDir => new PluginDir({ [`${name}/plugin/index.ts`]: pluginText(idle) });

/** A plugin that wants two routes. */
const routing = (path: string): string =>
  pluginText(`{ start() { console.log("started"); }, stop() {}, routes: () => [
        { method: "GET", path: "/mine", handle: () => new Response("${path}") },
        { method: "GET", path: "${path}", handle: () => new Response("${path}") },
      ] }`);

describe("the dummy plugin of the documents", () => {
  test("starts with its section, answers by its routes, hears events, restarts and stops", async () => {
    using plugins = new PluginDir();
    const path = plugins.copy("dummy");
    const section = (colour: string): string =>
      `[gaffer]\nplugin_dir = ${plugins.path}\n[plugin:dummy]\nColour = ${colour}\n`;
    using config = new TempDir({ "g.ini": section("blue") });
    await using daemon = await RunningDaemon.start({ args: ["-c", config.file("g.ini")] });
    expect(daemon.gaffer.stdout).toBe('start dummy app {"Colour":"blue"}\n');
    expect(await listed(daemon)).toEqual([
      {
        name: "dummy",
        version: "1.0",
        description: "test",
        state: "running",
        error: null,
        path,
        site: "/_plugin/dummy/",
      },
    ]);
    const table = await runGaffer(["ctl", "plugins"], { cwd: "/", endpoint: `unix:${daemon.socket}` });
    expect(table.stdout.replaceAll(/ +/g, " ")).toBe(
      `PLUGIN VERSION STATE SITE PATH ABOUT\ndummy 1.0 running /_plugin/dummy/ ${path} test\n`,
    );
    expect((await daemon.request("GET /dummy/exits")).json).toEqual({ exits: 0 });
    await daemon.request("POST /jobs/s", { name: "once", cmd: "true", numprocesses: 1, flapping: "1,60,60,0" });
    await daemon.until("/dummy/exits", /"exits":[1-9]/);
    expect((await daemon.request("GET /_plugin/dummy/hello/you")).text).toBe("hello you");
    expect(await daemon.request("GET /_plugin/dummy/hello/nobody")).toMatchObject({
      status: 400,
      json: { code: "bad_request", message: "Cannot greet nobody: name somebody" },
    });
    expect(await daemon.request("POST /dummy/exits")).toMatchObject({ status: 405 });

    config.write("g.ini", section("red"));
    daemon.gaffer.child.kill("SIGHUP");
    await daemon.gaffer.said(/restart dummy \{"Colour":"red"\}\n/);
    const { code } = await daemon.stopped();
    expect([code, daemon.gaffer.stdout.endsWith("stop dummy\n")]).toEqual([0, true]);
  });

  test("its site is in its folder, and the API's document knows its routes", async () => {
    using plugins = new PluginDir();
    plugins.copy("dummy");
    await using daemon = await RunningDaemon.start({ args: ["-p", plugins.path] });
    const page = await daemon.request("GET /_plugin/dummy/");
    expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html;charset=utf-8"]);
    expect(page.text).toContain('<script src="site.js">');
    const { json } = await daemon.request("GET /openapi.json");
    expect(Object(json).paths).toMatchObject({
      "/dummy/exits": { get: {} },
      "/_plugin/dummy/hello/{who}": { get: {} },
    });
  });
});

describe("what a plugin imports", () => {
  test('"gaffer" is this very program, whatever lies beside it; packages, relative modules and JSON are its own', async () => {
    const check = `
      import * as lib from "gaffer";
      import { GafferError } from "gaffer";
      import { word, Theirs } from "@scope/pack";
      import { sub } from "@scope/pack/sub";
      import plain from "plain";
      import { Colour, near } from "./near.ts";
      import data from "./data.json";
      export default class {
        app() {
          return {
            start() {}, stop() {},
            routes: () => [
              { method: "GET", path: "/seen", handle: () => Response.json([word, sub, plain.name, Theirs === GafferError, plain.Theirs === GafferError, Colour.Red, near, data.n, typeof lib.Manager, "decoy" in lib]) },
              { method: "GET", path: "/thrown", handle: () => { throw new GafferError("job_exists", "Cannot do it: it is done"); } },
            ],
          };
        }
      }`;
    using plugins = new PluginDir({
      "a/plugin/index.ts": check,
      "a/plugin/near.ts": "export enum Colour { Red = 3 }\nexport const near: string = 'near';\n",
      "a/plugin/data.json": '{"n": 7}',
      "a/plugin/node_modules/gaffer/package.json": '{"name":"gaffer","main":"index.js"}',
      "a/plugin/node_modules/gaffer/index.js": "module.exports = { decoy: 1 };",
      "a/node_modules/@scope/pack/package.json":
        '{"name":"@scope/pack","type":"module","exports":{".":{"import":"./lib/i.js","require":"./no.cjs"},"./sub":"./lib/sub.js"}}',
      "a/node_modules/@scope/pack/lib/i.js":
        'export { GafferError as Theirs } from "gaffer"; export const word = "esm";',
      "a/node_modules/@scope/pack/lib/sub.js": 'export const sub = "sub";',
      "a/node_modules/plain/package.json": '{"name":"plain","main":"./dist/main.js"}',
      "a/node_modules/plain/dist/main.js": 'module.exports = { name: "cjs", Theirs: require("gaffer").GafferError };',
    });
    await using daemon = await RunningDaemon.start({ args: ["--plugin-dir", plugins.path] });
    expect(await states(daemon)).toEqual({ a: "running" });
    expect((await daemon.request("GET /seen")).json).toEqual([
      "esm",
      "sub",
      "cjs",
      true,
      true,
      3,
      "near",
      7,
      "function",
      false,
    ]);
    expect(await daemon.request("GET /thrown")).toMatchObject({ status: 409, json: { code: "job_exists" } });
  });

  test("modules without an index are each looked at; names and versions may be static", async () => {
    using plugins = new PluginDir({
      "many/plugin/one.js": `export default class { static name = "one"; static version = "1"; app() { return ${idle}; } }`,
      "many/plugin/two.mjs": `export default class { name = "two"; description = "second"; app() { return ${idle}; } }`,
      "many/plugin/helper.ts": "export const help = 1;",
      "many/plugin/types.d.ts": "declare const broken: ;",
      "named/plugin/index.js": `module.exports = class Whatever { app() { return ${idle}; } };`,
      "file.ts": "not a folder",
      ".hidden/plugin/index.ts": "throw new Error('hidden')",
    });
    await using daemon = await RunningDaemon.start({ args: ["-p", plugins.path] });
    const about = (await listed(daemon)).map(({ name, version, description, state }) => [
      name,
      version,
      description,
      state,
    ]);
    expect(about).toEqual([
      ["named", "", "", "running"],
      ["one", "1", "", "running"],
      ["two", "", "second", "running"],
    ]);
  });
});

describe("a plugin that goes wrong", () => {
  test("is put aside, told of, and hurts nobody: not the others, not the jobs, not the exit code", async () => {
    using plugins = new PluginDir({
      "syntax/plugin/index.ts": 'import "./inner.ts";\nexport default class {}',
      "syntax/plugin/inner.ts": "const ok = 1;\n\nconst x = ;\n",
      "missing/plugin/index.ts": 'import "no-such-package";',
      "atimport/plugin/index.ts": '\n\nthrow new Error("at import");',
      "maker/plugin/index.ts":
        'export default class { constructor() { throw new Error("in the constructor"); } app() {} }',
      "noclass/plugin/index.ts": "export default 7;",
      "noapp/plugin/index.ts": "export default class {}",
      "nothing/plugin/readme.md": "empty",
      "noexport/plugin/a.ts": "export const a = 1;",
      "badname/plugin/index.ts": pluginText(idle, 'name = "../x";'),
      "appthrows/plugin/index.ts": pluginText('(() => { throw new Error("in app()"); })()'),
      "noobject/plugin/index.ts": pluginText("undefined"),
      "startthrows/plugin/index.ts": pluginText('{ start() { throw new Error("in start()"); }, stop() {} }'),
      "startrejects/plugin/index.ts": pluginText('{ start: async () => { throw "in start, later"; }, stop() {} }'),
      "stopthrows/plugin/index.ts": pluginText('{ start() {}, async stop() { throw new Error("in stop()"); } }'),
      "badroute/plugin/index.ts": pluginText(
        '{ start() {}, stop() {}, routes: () => [{ method: "GRAB", path: "x" }] }',
      ),
      "baddoc/plugin/index.ts": pluginText(
        '{ start() {}, stop() {}, routes: () => [{ method: "GET", path: "/x", handle() {}, doc: { query: { properties: null } } }] }',
      ),
      "well/plugin/index.ts": pluginText(idle),
    });
    await using daemon = await RunningDaemon.start({ args: ["-p", plugins.path] });
    const all = await listed(daemon);
    const inner = plugins.file("syntax/plugin/inner.ts");
    const told: Readonly<Record<string, string>> = {
      syntax: `${inner}:3:11: Unexpected ;`,
      missing: "Cannot find package 'no-such-package'",
      atimport: "at import",
      maker: "in the constructor",
      noclass: "its default export is no class",
      noapp: "its class has no method app()",
      nothing: "it holds no .ts, .js or .mjs file",
      noexport: "a.ts export no default",
      badname: 'its name "../x" is none',
      appthrows: "in app()",
      noobject: "its app() gave nothing with start() and stop()",
      startthrows: "in start()",
      startrejects: "in start, later",
      badroute: "its route GRAB x is none",
      baddoc: "null",
    };
    for (const [name, error] of Object.entries(told)) {
      const one = all.find((plugin) => plugin.name === name);
      expect([name, one?.state, one?.error]).toEqual([name, "failed", expect.stringContaining(error)]);
      expect(daemon.gaffer.stderr).toMatch(new RegExp(`\\[ERROR\\] plugin "${name}" failed to (load|start): `));
    }
    expect(all.filter(({ state }) => state === "running").map(({ name }) => name)).toEqual(["stopthrows", "well"]);
    await daemon.request("POST /jobs/s", { name: "a", cmd: "sleep 1000" });
    await daemon.until("/jobs/s/a", /"state":"running"/);
    expect((await daemon.request("GET /openapi.json")).status).toBe(200);
    const { code, log } = await daemon.stopped();
    expect(code).toBe(0);
    expect(log).toMatch(/plugin "stopthrows" failed to stop: Error: in stop\(\)\n.*stopthrows\/plugin\/index\.ts:1/);
    expect(log).not.toContain("bug in gaffer");
  });

  test("in a route it is answered 500, in a listener and a timer it is logged; it goes on, and no bug of ours is counted", async () => {
    const app = `{
      start(manager) {
        manager.events.subscribe("load", () => { throw new Error("in a listener"); });
        this.throwLater = () => setTimeout(() => { throw new Error("in a timer"); });
        this.reject = () => void Promise.reject(new TypeError("rejected"));
        this.fetch = () => void fetch("http://127.0.0.1:1/");
        this.text = () => void Promise.reject("just a text");
      },
      stop() {},
      routes() {
        const get = (path, handle) => ({ method: "GET", path: "/" + path, handle });
        return [
          get("throws", () => { throw new Error("secret of the route"); }),
          get("rejects", async () => { throw undefined; }),
          get("nothing", () => "no Response"),
          get("stray/:kind", ({ params }) => { this[params.kind](); return new Response("done"); }),
        ];
      },
    }`;
    using plugins = new PluginDir({ "p/plugin/index.ts": pluginText(app) });
    await using daemon = await RunningDaemon.start({ args: ["-p", plugins.path] });
    for (const path of ["throws", "rejects", "nothing"]) {
      const { status, json, text } = await daemon.request(`GET /${path}`);
      expect([status, json]).toEqual([500, expect.objectContaining({ error: "internal", code: "plugin_failed" })]);
      expect(text).not.toContain("secret");
      await daemon.logged(new RegExp(`plugin "p" failed in GET /${path}`));
    }
    expect(daemon.gaffer.stderr).toContain("secret of the route");
    for (const [kind, why] of [
      ["throwLater", "in a timer"],
      ["reject", "TypeError: rejected"],
      ["fetch", "(ECONNREFUSED|Unable to connect)"],
      ["text", "just a text"],
    ] as const) {
      expect((await daemon.request(`GET /stray/${kind}`)).text).toBe("done");
      await daemon.logged(new RegExp(`plugin "p" failed outside of any call: .*${why}`));
    }
    expect(await errorOf(daemon, "p")).toBe("just a text");
    expect((await daemon.request("POST /jobs/s", { name: "a", cmd: "sleep 1000" })).status).toBe(200);
    await daemon.logged(/plugin "p" failed in a listener: Error: in a listener/);
    expect(await states(daemon)).toEqual({ p: "running" });
    const { code, log } = await daemon.stopped();
    expect([code, log.includes("bug in gaffer")]).toEqual([0, false]);
  });

  test("a timer and a server that it leaves behind do not hold up the end", async () => {
    const app =
      "{ start() { setInterval(() => {}, 1e6); Bun.serve({ port: 0, fetch: () => new Response() }); }, stop() {} }";
    using plugins = new PluginDir({ "p/plugin/index.ts": pluginText(app) });
    await using daemon = await RunningDaemon.start({ args: ["-p", plugins.path] });
    expect(await daemon.stopped()).toMatchObject({ code: 0, log: expect.stringContaining("[INFO] stopped") });
    using atImport = new PluginDir({ "p/plugin/index.ts": `setInterval(() => {}, 1e6);\n${pluginText(idle)}` });
    expect((await attempt(["--check", "-p", atImport.path])).code).toBe(0);
    const refused = await attempt(["-p", atImport.path, "--pidfile", "/no/such/folder/pid"]);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("/no/such/folder/pid")]);
  });

  test("routes that are served already keep it from running; both are named", async () => {
    using plugins = new PluginDir({
      "a/plugin/index.ts": routing("/jobs/mine"),
      "b/plugin/index.ts": routing("/b"),
      "c/plugin/index.ts": routing("/c"),
    });
    await using daemon = await RunningDaemon.start({ args: ["-p", plugins.path] });
    expect(await states(daemon)).toEqual({ a: "failed", b: "running", c: "failed" });
    expect(await errorOf(daemon, "a")).toBe("Cannot add route GET /jobs/mine: GET /jobs/:session is served already");
    expect(await errorOf(daemon, "c")).toBe("Cannot add route GET /mine: GET /mine is served already");
    expect((await daemon.request("GET /mine")).text).toBe("/b");
    expect((await daemon.request("GET /c")).status).toBe(404);
    expect((await daemon.request("GET /jobs/mine")).status).toBe(404);
    expect(daemon.gaffer.stdout).toBe("started\n");
  });
});

describe("a plugin that needs another", () => {
  const needing = pluginText(idle, 'name = "needing"; mandatory = ["needed"];');

  test("keeps the daemon from starting where that is missing or can't be loaded; nothing was started", async () => {
    using alone = new PluginDir({ "a/plugin/index.ts": needing });
    using config = new TempDir({
      "g.ini": `[gaffer]\nplugins_dir = ${alone.path}\n[process:a]\ncmd = touch started\n`,
    });
    for (const more of [[], ["--check"]]) {
      const { code, stderr } = await attempt(["-c", config.file("g.ini"), ...more]);
      expect([code, stderr]).toEqual([
        2,
        expect.stringContaining(`Cannot start: plugin "needing" needs plugin "needed", which is not in ${alone.path}`),
      ]);
    }
    expect(existsSync(config.file("started"))).toBe(false);
    using broken = new PluginDir({
      "a/plugin/index.ts": needing,
      "needed/plugin/index.ts": 'throw new Error("broken")',
    });
    const { code, stderr } = await attempt(["-p", broken.path]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("which could not be loaded: broken")]);
    const background = await attempt(["-p", broken.path, "--daemon"]);
    expect([background.code, background.stderr]).toEqual([2, expect.stringContaining("which could not be loaded")]);
  });

  test("starts after it, and stops before it; a site may be what is needed", async () => {
    using plugins = new PluginDir({
      "a/plugin/index.ts": saying("first", 'mandatory = ["second", "pages"];'),
      "b/plugin/index.ts": saying("second"),
      "pages/index.html": "hello",
    });
    await using daemon = await RunningDaemon.start({ args: ["-p", plugins.path] });
    await daemon.stopped();
    expect(daemon.gaffer.stdout).toBe("start second\nstart first\nstop first\nstop second\n");
  });
});

describe("the folder of plugins", () => {
  test("is the flag's, that of the environment, the configuration's, or ~/.gaffer/plugins", async () => {
    using flag = folder("flag");
    using other = folder("other");
    using env = folder("env");
    using config = new TempDir({
      "g.ini": "[gaffer]\nplugins_dir = mine\n",
      "none.ini": "[gaffer]\n",
      "mine/conf/plugin/index.ts": pluginText(idle),
      ".gaffer/plugins/home/plugin/index.ts": pluginText(idle),
    });
    const GAFFER_PLUGIN_DIR = env.path;
    for (const [args, more, wanted] of [
      [
        ["-c", config.file("g.ini"), "-p", flag.path, "--plugins-dir", other.path],
        { GAFFER_PLUGIN_DIR },
        ["flag", "other"],
      ],
      [["-c", config.file("g.ini")], { GAFFER_PLUGIN_DIR: `${env.path}:${flag.path}` }, ["env", "flag"]],
      [["-c", config.file("g.ini")], {}, ["conf"]],
      [["-c", config.file("none.ini")], { HOME: config.path }, ["home"]],
      [[], { HOME: flag.path }, []],
    ] as const) {
      await using daemon = await RunningDaemon.start({ args, env: { GAFFER_PLUGIN_DIR: "", ...more } });
      expect(Object.keys(await states(daemon))).toEqual([...wanted]);
    }
  });

  test("is told as missing where it was named; a section for no plugin is warned of", async () => {
    const [flag, check] = [
      await attempt(["-p", "/no/such"]),
      await attempt(["--check"], { GAFFER_PLUGIN_DIR: "/no/such" }),
    ];
    for (const { code, stderr } of [flag, check]) {
      expect([code, stderr]).toEqual([
        2,
        expect.stringContaining('Cannot look for plugins in "/no/such": there is no'),
      ]);
    }
    using plugins = new PluginDir({ "dummy/plugin/index.ts": pluginText(idle) });
    using config = new TempDir({ "g.toml": '[plugin.dumy]\ntoken = "secret"\ndeep = { a = [1] }\n' });
    const { code, stderr, stdout } = await attempt(["--check", config.file("g.toml"), "-p", plugins.path]);
    expect([code, stderr]).toEqual([0, expect.stringContaining('for no plugin that is here (did you mean "dummy"?)')]);
    expect(stdout).toContain('[plugin.dumy]\ntoken = "***"\n');
  });

  test("new code in it waits for the next start, which SIGHUP says", async () => {
    using plugins = new PluginDir();
    await using daemon = await RunningDaemon.start({ args: ["-p", plugins.path] });
    plugins.write("late/plugin/index.ts", 'console.log("loaded");');
    daemon.gaffer.child.kill("SIGHUP");
    await daemon.logged(/late is a new plugin: its code is loaded at the next start/);
    expect(daemon.gaffer.stdout).toBe("");
  });

  test.if(process.getuid?.() === 0)("root does not load what another user could have written", async () => {
    const NOBODY = 65_534;
    using plugins = new PluginDir({
      "open/plugin/index.ts": pluginText(idle),
      "open/plugin/inner.ts": "",
      "foreign/plugin/index.ts": pluginText(idle),
      "linked/plugin/index.ts": pluginText(idle),
      "site/plugin/index.ts": pluginText(idle),
      "site/_site/index.html": "",
    });
    using elsewhere = new TempDir({ "mod.ts": "" });
    chmodSync(plugins.file("open/plugin/inner.ts"), 0o646);
    chownSync(plugins.file("foreign/plugin"), NOBODY, -1);
    chownSync(elsewhere.file("mod.ts"), NOBODY, -1);
    symlinkSync(elsewhere.file("mod.ts"), plugins.file("linked/plugin/mod.ts"));
    chmodSync(plugins.file("site/_site"), 0o777);
    await using daemon = await RunningDaemon.start({ args: ["-p", plugins.path] });
    expect(await states(daemon)).toEqual({ foreign: "failed", linked: "failed", open: "failed", site: "running" });
    expect(await errorOf(daemon, "open")).toMatch(
      /^Cannot load plugin code: ".*inner\.ts" is not safe, every user may/,
    );
    expect(await errorOf(daemon, "foreign")).toMatch(/foreign\/plugin" is not safe, it belongs to user 65534/);
    expect(await errorOf(daemon, "linked")).toMatch(/mod\.ts" is not safe, it belongs to user 65534/);
    chmodSync(plugins.path, 0o777);
    const above = await attempt(["--check", "-p", plugins.path]);
    expect(above.stderr).toContain(`plugin "site" failed to load: `);
    expect(above.stderr).toContain(
      `Cannot load plugin code: "${plugins.path}" is not safe, every user may write to it`,
    );
  });

  test("what it imports or requires from elsewhere must be ours, too", async () => {
    using elsewhere = new TempDir({
      "e.ts": "export const e = 1;\n",
      "c.cjs": "module.exports = 1;\n",
      "d.json": "{}",
    });
    using plugins = new PluginDir({});
    const at = elsewhere.path;
    const imports: Readonly<Record<string, string>> = {
      absolute: `import "${at}/e.ts";`,
      relative: `import "${relative(join(plugins.path, "relative/plugin"), at)}/e.ts";`,
      json: `import d from "${at}/d.json"; globalThis.d = d;`,
      required: `require("${at}/c.cjs");`,
      later: `await import("${at}" + "/e.ts");`,
      own: `import "node:fs"; import { Plugin } from "gaffer"; import "./own.js"; globalThis.p = Plugin;`,
    };
    for (const [name, text] of Object.entries(imports)) {
      mkdirSync(plugins.file(`${name}/plugin`), { recursive: true });
      writeFileSync(plugins.file(`${name}/plugin/index.ts`), `${text}\n${pluginText(idle)}`);
      writeFileSync(plugins.file(`${name}/plugin/own.js`), "export {};\n");
    }
    for (const name of ["e.ts", "c.cjs", "d.json"]) chownSync(elsewhere.file(name), 65_534, -1);
    await using daemon = await RunningDaemon.start({ args: ["-p", plugins.path] });
    for (const name of ["absolute", "relative", "json", "required", "later"]) {
      expect([name, await errorOf(daemon, name)]).toEqual([name, expect.stringContaining("it belongs to user 65534")]);
    }
    expect(await errorOf(daemon, "own")).toBe("");
  });

  test("a package.json where the daemon is started changes nothing", async () => {
    using stray = new TempDir({
      "package.json": '{"name":"gaffer","exports":"./evil.js","imports":{"gaffer":"./evil.js"}}',
      "evil.js": 'console.log("evil")',
      "plugins/p/plugin/index.ts": `import { GafferError } from "gaffer";\nconsole.log(typeof GafferError);\n${pluginText(idle)}`,
    });
    const { code, stdout } = await runGaffer(["daemon", "--check", "-p", "plugins"], { cwd: stray.path });
    expect([code, stdout.split("\n", 1)]).toEqual([0, ["function"]]);
  });
});

test("the plugin that README shows does what it says", async () => {
  const readme = readFileSync(join(import.meta.dir, "..", "..", "README.md"), "utf8");
  const [, text = ""] = /```ts\n([^`]*class HelloPlugin[^`]*)```/.exec(readme) ?? [];
  using plugins = new PluginDir({ "hello/plugin/index.ts": text });
  using config = new TempDir({ "g.ini": "[plugin:hello]\nFarewell = so long\n" });
  await using daemon = await RunningDaemon.start({ args: ["-p", plugins.path, config.file("g.ini")] });
  expect((await daemon.request("GET /hello/exits")).json).toEqual({ exits: 0 });
  daemon.gaffer.child.kill("SIGHUP");
  await daemon.gaffer.said(/the configuration was read again/);
  await daemon.stopped();
  expect(daemon.gaffer.stdout).toEndWith("so long\n");
});

test("a daemon that was told to end while a plugin still starts ends all the same", async () => {
  const app =
    "{ start: () => { console.log('begun'); return new Promise(() => {}); }, stop: () => console.log('stopped') }";
  using plugins = new PluginDir({ "p/plugin/index.ts": pluginText(app) });
  await using daemon = await RunningDaemon.start({ args: ["-p", plugins.path] });
  expect(await states(daemon)).toEqual({ p: "starting" });
  expect((await daemon.stopped()).log).toContain('plugin "p" is still starting; the daemon goes on');
  expect(daemon.gaffer.stdout).toBe("begun\nstopped\n");
});
