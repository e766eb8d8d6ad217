import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { DaemonPlace } from "../support/daemon-place.ts";
import { runGaffer } from "../support/gaffer-run.ts";

setDefaultTimeout(60_000);

const say = 'sh -c "echo I am $PS at $PORT; exec sleep 1000"';
const files = {
  "shop/Procfile": `web: ${say}\nworker: ${say}\n`,
  "blog/Procfile": `web: ${say}\n`,
};

/** A daemon with nothing in it, and two projects beside it. */
async function withProjects(more: Readonly<Record<string, string>> = {}): Promise<DaemonPlace> {
  const place = new DaemonPlace({ ...files, ...more });
  await place.start();
  return place;
}

/** Which port each process was told, as it says itself. */
async function ports(place: DaemonPlace, count: number, ...app: string[]): Promise<Record<string, number>> {
  const text = await place.until((said) => said.split("I am").length > count, "logs", ...app);
  const pairs = [...text.matchAll(/I am (\S+) at (\d+)/g)].map(([, name = "", port]) => [name, Number(port)] as const);
  return Object.fromEntries(pairs);
}

const jobPids = async (place: DaemonPlace, job: string): Promise<string> => place.said("ctl", "pids", job);

describe("the getting-started page", () => {
  test("load, then scale dummy=3 dummy1+2 prints what the page prints", async () => {
    const Procfile = "dummy: exec sleep 1000\ndummy1: exec sleep 1000\n";
    await using place = await withProjects({ "app/Procfile": Procfile });
    const here = { cwd: "app" };
    const loaded = await place.run(["load"], here);
    expect(loaded).toEqual({
      code: 0,
      stdout: `app.dummy has been loaded\napp.dummy1 has been loaded\n==> app has been loaded in ${place.endpoint}, now running 2\n`,
      stderr: "",
    });
    expect(await place.run(["scale", "dummy=3"], here)).toEqual({
      code: 0,
      stdout: "Scaling dummy processes... done, now running 3\n",
      stderr: "",
    });
    expect(await place.run(["scale", "dummy=3", "dummy1+2"], here)).toEqual({
      code: 0,
      stdout: "Scaling dummy processes... done, now running 3\nScaling dummy1 processes... done, now running 3\n",
      stderr: "",
    });
    const ps = await place.run(["ps"], here);
    expect(ps.stdout.split("\n").map((line) => line.split(/ +/).slice(0, 2).join(" "))).toEqual([
      "PROCESS STATE",
      ...[1, 2, 3].map((n) => `dummy.${n} running`),
      ...[1, 2, 3].map((n) => `dummy1.${n} running`),
      "",
    ]);
    expect(await place.run(["unload"], here)).toEqual({
      code: 0,
      stdout: "==> app has been unloaded (app.dummy, app.dummy1)\n",
      stderr: "",
    });
    expect(await place.said("ctl", "pids")).toBe("");
  });
});

describe("an application in a daemon", () => {
  test("load: counts, name, folder, --nostart; what is there already is told, with 1, and left alone", async () => {
    await using place = await withProjects();
    expect(await place.said("load", "-d", "shop", "-c", "web=2,worker=0")).toBe(
      `shop.web has been loaded\nshop.worker has been loaded\n==> shop has been loaded in ${place.endpoint}, now running 2\n`,
    );
    const pids = await jobPids(place, "shop.web");
    const again = await place.run(["load", "."], { cwd: "shop" });
    expect(again).toEqual({
      code: 1,
      stdout: "",
      stderr:
        'gaffer: Cannot load application "shop": it is loaded already (gaffer reload applies what has changed, another name loads it once more)\n',
    });
    expect(await jobPids(place, "shop.web")).toBe(pids);
    const other = await place.run(["load", "other", "--nostart"], { cwd: "shop" });
    expect(other.stdout).toStartWith(
      "other.web has been loaded\nother.worker has been loaded\n==> other has been loaded",
    );
    expect(await place.said("ctl", "running", "other.web")).toBe("0\n");
    expect(await place.json("ctl", "sessions")).toEqual(["shop", "other"]);
    expect(await place.said("restart", "other.web")).toBe("other.web restarted, now running 1\n");
  });

  test("load of jobs as JSON, from a file and from stdin, under a name", async () => {
    const one = JSON.stringify({ name: "one", cmd: "sleep 1000" });
    await using place = await withProjects({ "jobs.json": one });
    expect(await place.said("load", "jobs.json")).toStartWith("default.one loaded, now running 1\n");
    const several = JSON.stringify({
      jobs: [
        { name: "a", cmd: "sleep 1000" },
        { name: "x.b", cmd: "sleep 1000" },
      ],
    });
    const { code, stdout } = await place.run(["load", "-", "named", "--nostart"], { input: several });
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining("named.a loaded, not started\nx.b loaded, not started\n"),
    ]);
    for (const input of ["", "[]", "{", '{"jobs":[1]}', '{"jobs":{}}']) {
      const bad = await place.run(["load", "-"], { input });
      expect([input, bad.code, bad.stderr]).toEqual([input, 2, expect.stringContaining('Cannot read job file "-"')]);
    }
    const nameless = await place.run(["load", "-"], { input: '{"cmd":"x"}' });
    expect(nameless.code).toBe(2);
    expect(await place.json("ctl", "jobs")).toEqual(["default.one", "named.a", "x.b"]);
  });

  test("every process is told a port of its own: +100 a job, +1 a slot, another block for another application", async () => {
    await using place = await withProjects();
    await place.said("load", "-d", "shop", "-c", "web=2");
    const shop = await ports(place, 3, "shop");
    const base = shop["web.1"] ?? 0;
    expect(base).toBeGreaterThanOrEqual(5100);
    expect(base % 100).toBe(0);
    expect(shop).toEqual({ "web.1": base, "web.2": base + 1, "worker.1": base + 100 });
    await place.said("load", "-d", "blog");
    const blog = await ports(place, 1, "blog");
    expect(blog["web.1"]).toBeGreaterThanOrEqual(base + 200);
    expect((blog["web.1"] ?? 0) % 100).toBe(0);
    await place.said("scale", "shop", "web=3");
    expect(await ports(place, 4, "shop")).toEqual({ ...shop, "web.3": base + 2 });
    await place.said("load", "third", "-d", "blog", "-p", "7000");
    expect(await ports(place, 1, "third")).toEqual({ "web.1": 7000 });
    // What gaffer reload reads again has the ports it had.
    expect(await place.said("reload", "-d", "shop", "-c", "web=2")).toBe("shop.web unchanged\nshop.worker unchanged\n");
    expect(await place.said("reload", "third", "-d", "blog")).toBe("third.web unchanged\n");
  });

  test("a port that somebody listens on is left out", async () => {
    await using place = await withProjects();
    await place.said("load", "-d", "blog");
    const first = (await ports(place, 1, "blog"))["web.1"] ?? 0;
    await place.said("unload", "blog");
    const socket = { data: (): void => undefined };
    using listener = Bun.listen({ hostname: "127.0.0.1", port: first, socket });
    expect((await place.run(["load", "-d", "blog"])).code).toBe(0);
    expect(listener.port).toBe(first);
    expect((await ports(place, 1, "blog"))["web.1"]).toBeGreaterThan(first);
  });

  test("reload applies the difference: what did not change keeps its processes", async () => {
    await using place = await withProjects();
    await place.said("load", "-d", "shop");
    const [web, worker] = [await jobPids(place, "shop.web"), await jobPids(place, "shop.worker")];
    place.dir.write("shop/Procfile", `web: ${say}\nworker: exec sleep 2000\nclock: exec sleep 1000\n`);
    expect((await place.said("reload", "-d", "shop")).split("\n").toSorted()).toEqual([
      "",
      "shop.clock added",
      "shop.web unchanged",
      "shop.worker changed",
    ]);
    expect(await jobPids(place, "shop.web")).toBe(web);
    expect(await jobPids(place, "shop.worker")).not.toBe(worker);
    place.dir.write("shop/Procfile", `web: ${say}\n`);
    expect((await place.said("reload", "-d", "shop")).split("\n").toSorted()).toEqual([
      "",
      "shop.clock removed",
      "shop.web unchanged",
      "shop.worker removed",
    ]);
    expect([await place.said("ctl", "pids"), await place.json("ctl", "jobs")]).toEqual([web, ["shop.web"]]);
    place.dir.write("shop/Procfile", "web: x\nweb: y\n");
    const bad = await place.run(["reload"], { cwd: "shop" });
    expect([bad.code, bad.stdout]).toEqual([2, ""]);
    place.dir.write("shop/Procfile", "web: /nowhere/command\n");
    const broken = await place.run(["reload"], { cwd: "shop" });
    expect([broken.code, broken.stdout, broken.stderr]).toEqual([
      1,
      "shop.web changed\n",
      expect.stringContaining("/nowhere/command"),
    ]);
  });

  test("stop and restart, of an application, of a job by either name, of several", async () => {
    await using place = await withProjects();
    await place.said("load", "-d", "shop");
    await place.said("load", "-d", "blog");
    const blog = await jobPids(place, "blog.web");
    const inShop = (...args: string[]) => place.run(args, { cwd: "shop" });
    expect((await inShop("stop", "web")).stdout).toBe("shop.web stopped\n");
    expect((await inShop("restart", "web", "shop/worker")).stdout).toBe(
      "shop.web restarted, now running 1\nshop.worker restarted, now running 1\n",
    );
    expect((await inShop("stop")).stdout).toBe("shop.web stopped\nshop.worker stopped\n");
    expect(await place.said("ctl", "pids")).toBe(blog);
    expect(await place.said("stop", "shop", "blog", "--no-wait")).toBe(
      "shop.web: asked for\nshop.worker: asked for\nblog.web: asked for\n",
    );
    const ps = await place.json("ps", "shop");
    expect(ps).toMatchObject([
      { name: "shop.web", state: "stopped", stats: [] },
      { name: "shop.worker", state: "stopped", stats: [] },
    ]);
    await place.said("restart", "blog");
    expect(await place.json("ps", "blog")).toMatchObject([
      { name: "blog.web", state: "running", stats: [{ os_pid: expect.any(Number) }] },
    ]);
  });

  test("logs: of the project here, of a job, with the session left out; -f goes on", async () => {
    await using place = await withProjects();
    await place.said("load", "-d", "shop");
    await place.said("load", "-d", "blog");
    await ports(place, 1, "blog");
    await ports(place, 2, "shop");
    const here = await place.run(["logs"], { cwd: "shop" });
    expect(here.stdout.replaceAll(/ +\|/g, " |")).toMatch(/^(\d\d:\d\d:\d\d (web|worker)\.1 \| I am \S+ at \d+\n){2}$/);
    expect((await place.run(["logs", "worker", "-n", "1"], { cwd: "shop" })).stdout).toContain(
      " worker.1 | I am worker.1",
    );
    expect((await place.run(["logs", "web", "blog"], { cwd: "shop" })).stdout).toMatch(
      / (blog\.web|web)\.1 +\| [^]* (blog\.web|web)\.1 +\| /,
    );
    await using following = place.following("logs", "-f", "blog");
    await following.said(/blog\.web\.1 \| I am/);
    await place.said("restart", "blog");
    await following.said(/blog\.web\.1 \| I am[^]*blog\.web\.1 \| I am/);
    expect(await following.stop("SIGINT")).toEqual({ code: 0, signal: null });
  });

  test("names that nobody has name the nearest, with 1; no project is 2; no daemon is 3", async () => {
    await using place = await withProjects();
    await place.said("load", "-d", "shop");
    const calls: [string[], number, string][] = [
      [["ps", "shp"], 1, 'did you mean "shop"'],
      [["stop", "shpo"], 1, 'did you mean "shop"'],
      [["restart", "shop.worke"], 1, 'did you mean "shop.worker"'],
      [["logs", "nothing-near"], 1, "neither an application nor a job"],
      [["unload", "shp"], 1, "shp"],
      [["scale", "shop", "wrker=2"], 1, 'did you mean "worker"'],
      [["scale", "shop"], 2, "say how"],
      [["scale", "shop", "3"], 2, "a number alone"],
      [["load", "a b"], 2, '"a b"'],
      ...["load", "reload", "unload", "ps", "stop", "restart", "logs"].map((name): [string[], number, string] => [
        [name],
        2,
        "Procfile",
      ]),
      [["scale", "web=2"], 2, "there is no Procfile in"],
    ];
    for (const [args, code, words] of calls) {
      const ended = await place.run(args);
      expect([args, ended]).toEqual([args, { code, stdout: "", stderr: expect.stringContaining(words) }]);
    }
    for (const name of ["load", "reload", "unload", "ps", "stop", "restart", "logs", "scale web=2"]) {
      const nobody = { cwd: place.dir.file("shop"), endpoint: `unix:${place.dir.file("none")}` };
      const { code, stdout, stderr } = await runGaffer(name.split(" "), nobody);
      expect([name, code, stdout, stderr]).toEqual([
        name,
        3,
        "",
        expect.stringContaining("Cannot reach a daemon at unix:"),
      ]);
    }
    expect(await place.json("ctl", "jobs")).toEqual(["shop.web", "shop.worker"]);
  });
});
