import { describe, expect, test } from "bun:test";
import type { Caller } from "../../../../src/base/caller.ts";
import { OWNER } from "../../../../src/base/caller.ts";
import { Plugin, type PluginApp } from "../../../../src/apps/plugins/plugin.ts";
import type { PluginLog } from "../../../../src/apps/plugins/plugin-log.ts";
import { PluginRecord } from "../../../../src/apps/plugins/plugin-record.ts";
import { PluginRunner, type PluginRunnerOptions } from "../../../../src/apps/plugins/plugin-runner.ts";
import { PluginSet } from "../../../../src/apps/plugins/plugin-set.ts";
import { Manager } from "../../../../src/manager/manager.ts";
import type { Route, RouteRequest } from "../../../../src/server/route.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { FakeHost } from "../../../support/fake-host.ts";
import { rejectedBy } from "../../../support/rejected-by.ts";

const idle: PluginApp = { start: () => undefined, stop: () => undefined };

const never = (): Promise<void> => Promise.withResolvers<void>().promise;
const handle = (): Response => new Response("done");

class MadePlugin extends Plugin {
  readonly name: string;
  readonly #make: () => PluginApp;
  constructor(name: string, make: () => PluginApp) {
    super();
    this.name = name;
    this.#make = make;
  }
  override app(): PluginApp {
    return this.#make();
  }
}

/** Plugins without folders, and what becomes of them. */
class Stage {
  readonly set: PluginSet = new PluginSet([]);
  readonly lines: string[] = [];
  readonly routes: Route[] = [];
  readonly log: PluginLog = {
    error: (text) => void this.lines.push(`error ${text.split("\n", 1)[0] ?? ""}`),
    warn: (text) => void this.lines.push(`warn ${text}`),
    info: (text) => void this.lines.push(`info ${text}`),
  };
  readonly manager: Manager = new Manager({ host: new FakeHost(), clock: new FakeClock(), env: {}, cwd: "/" });

  add(name: string, app: PluginApp, mandatory: readonly string[] = []): PluginRecord {
    const plugin = new MadePlugin(name, () => app);
    const about = { name, version: "", description: "", mandatory };
    const folder = { name, path: "/", code: "/", site: undefined };
    const record = new PluginRecord(folder, this.log, { plugin, about });
    this.set.records.push(record);
    return record;
  }

  runner(more: Partial<PluginRunnerOptions> = {}): PluginRunner {
    const { set, log } = this;
    const addRoutes = (routes: readonly Route[]): void => void this.routes.push(...routes);
    return new PluginRunner({ set, log, settingsOf: () => undefined, addRoutes, patienceMs: 1, ...more });
  }
}

const request = (caller: Caller): RouteRequest => ({
  params: {},
  query: new URLSearchParams(),
  raw: new Request("http://localhost/x"),
  endpoint: { kind: "unix", path: "/x" },
  caller,
  authenticate: () => caller,
  keepAlive: () => undefined,
});

describe("PluginRunner", () => {
  test("starts each after those it needs, however they stand, and in a circle in the order they were found", async () => {
    const stage = new Stage();
    const started: string[] = [];
    const saying = (name: string): PluginApp => ({ ...idle, start: () => void started.push(name) });
    for (const [name, needs] of [
      ["a", ["c"]],
      ["b", ["b", "a"]],
      ["c", ["d", "no-code"]],
      ["d", ["a"]],
    ] as const) {
      stage.add(name, saying(name), needs);
    }
    await stage.runner().start(stage.manager);
    expect(started).toEqual(["d", "c", "a", "b"]);
  });

  test("goes on without one that never starts, stops or restarts, and says so", async () => {
    const stage = new Stage();
    const slow = stage.add("slow", { start: never, stop: never });
    const stuck = stage.add("stuck", { ...idle, stop: never, restart: never });
    const last = stage.add("last", idle);
    const runner = stage.runner();
    await runner.start(stage.manager);
    expect([slow.state, stuck.state, last.state]).toEqual(["starting", "running", "running"]);
    await runner.restart();
    await runner.stop();
    expect([slow.state, stuck.state, last.state]).toEqual(["stopped", "stopped", "stopped"]);
    expect(stage.lines).toEqual([
      'warn plugin "slow" is still starting; the daemon goes on',
      'info plugin "stuck" runs',
      'info plugin "last" runs',
      expect.stringContaining('error plugin "stuck" failed to restart: Error: it took longer than 0.001 s'),
      expect.stringContaining('error plugin "stuck" failed to stop'),
      expect.stringContaining('error plugin "slow" failed to stop'),
    ]);
  });

  test("gives each the settings of its own section, those of now at a restart", async () => {
    const stage = new Stage();
    const told: unknown[] = [];
    let colour = "blue";
    stage.add("x", { ...idle, restart: (settings) => void told.push(settings) });
    stage.add("y", { ...idle, restart: (settings) => void told.push(settings) });
    const runner = stage.runner({ settingsOf: (name) => (name === "x" ? { colour } : undefined) });
    await runner.start(stage.manager);
    colour = "red";
    await runner.restart();
    expect(told).toEqual([{ colour: "red" }, {}]);
  });

  test("a plugin that could not start is neither stopped nor restarted", async () => {
    const stage = new Stage();
    const called: string[] = [];
    stage.add("x", {
      start: () => Promise.reject(new Error("no")),
      stop: () => void called.push("stop"),
      restart: () => void called.push("restart"),
    });
    const runner = stage.runner();
    await runner.start(stage.manager);
    await runner.restart();
    await runner.stop();
    expect(called).toEqual([]);
  });
});

describe("a route of a plugin", () => {
  const reader: Caller = { label: "key r", keyId: "r", may: (permission) => permission === "read" };
  const some: Caller = {
    label: "key s",
    keyId: "s",
    may: (permission, target) => permission === "manage" && target !== undefined,
  };

  test("serves whoever may manage everything, or anybody if it is open; a refused call does not reach it", async () => {
    const stage = new Stage();
    const served: string[] = [];
    const route = (path: string, more: Partial<Route>): Route => ({
      method: "GET",
      path,
      handle: () => {
        served.push(path);
        return new Response("done");
      },
      ...more,
    });
    stage.add("x", { ...idle, routes: () => [route("/closed", {}), route("/open", { open: true })] });
    await stage.runner().start(stage.manager);
    const [closed, open] = stage.routes;
    if (closed === undefined || open === undefined) throw new Error("there are no routes");
    for (const caller of [reader, some]) {
      expect(await rejectedBy(Promise.resolve(closed.handle(request(caller))))).toMatchObject({
        code: "forbidden",
        message: `Cannot GET /closed: ${caller.label} may not manage everything`,
      });
    }
    expect(served).toEqual([]);
    await closed.handle(request(OWNER));
    await open.handle(request(reader));
    expect(served).toEqual(["/closed", "/open"]);
  });

  test("answers only while its plugin runs", async () => {
    const stage = new Stage();
    const { promise, resolve } = Promise.withResolvers<void>();
    const record = stage.add("x", {
      ...idle,
      start: () => promise,
      routes: () => [{ method: "GET", path: "/x", handle }],
    });
    const runner = stage.runner();
    await runner.start(stage.manager);
    const [route] = stage.routes;
    const call = async (): Promise<unknown> => route?.handle(request(OWNER));
    expect(await rejectedBy(call())).toMatchObject({ code: "plugin_down" });
    resolve();
    await promise;
    await Bun.sleep(0);
    expect(record.state).toBe("running");
    expect(await call()).toBeInstanceOf(Response);
    await runner.stop();
    expect(await rejectedBy(call())).toMatchObject({
      code: "plugin_down",
      message: 'Cannot GET /x: plugin "x" is stopped',
    });
  });
});
