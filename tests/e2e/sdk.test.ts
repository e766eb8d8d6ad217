import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type EventBody, GafferError, type JobRequest, Server } from "../../src/lib.ts";
import { Certificates } from "../support/certificates.ts";
import { DaemonPlace } from "../support/daemon-place.ts";
import { RunningDaemon } from "../support/running-daemon.ts";
import { rejectedBy } from "../support/rejected-by.ts";
import { waitFor } from "../support/wait-for.ts";

const certificates = new Certificates();
const certificate = certificates.issue("server");
afterAll(() => certificates[Symbol.dispose]());

const wait = 20;
const echo: JobRequest = { name: "s.echo", cmd: "cat", redirect_input: true, graceful_timeout: 5 };

/** A daemon with TLS on its TCP port. */
const startTls = (): Promise<RunningDaemon> =>
  RunningDaemon.start({
    args: ["--certfile", certificate.cert, "--keyfile", certificate.key],
    tcp: "https://127.0.0.1:0",
  });

const transports: readonly (readonly [
  name: string,
  start: () => Promise<RunningDaemon>,
  connect: (daemon: RunningDaemon) => Server,
])[] = [
  ["TCP", () => RunningDaemon.start(), ({ host }) => new Server(`http://${host}`)],
  ["TLS", startTls, ({ port }) => new Server(`https://localhost:${port}`, { tls: { ca: certificates.ca.pem } })],
  ["a unix socket", () => RunningDaemon.start(), ({ socket }) => new Server({ kind: "unix", path: socket })],
];

for (const [name, start, connect] of transports) {
  describe(`the SDK over ${name}`, () => {
    let daemon: RunningDaemon;
    let server: Server;
    beforeAll(async () => {
      daemon = await start();
      server = connect(daemon);
    });
    afterAll(() => daemon[Symbol.asyncDispose]());

    test("tells of the daemon", async () => {
      await server.ping();
      expect(await server.version()).toMatch(/^\d+\.\d+\.\d+/);
      expect([await server.sessions(), await server.jobs(), await server.pids()]).toEqual([[], [], []]);
    });

    test("loads, lists, walks and unloads jobs", async () => {
      const a = await server.load({ name: "a", cmd: "sleep 1000" }, { session: "w", wait });
      const b = await server.load({ name: "w.b", cmd: "sleep 1000" }, { start: false });
      expect([a.name, b.name]).toEqual(["w.a", "w.b"]);
      expect([await a.active(), await b.active()]).toEqual([true, false]);
      expect([await server.sessions(), await server.jobs("w")]).toEqual([["w"], ["w.a", "w.b"]]);
      expect((await server.infos()).map((info) => [info.name, info.running])).toEqual([
        ["w.a", 1],
        ["w.b", 0],
      ]);
      const walked: string[] = [];
      await server.jobsWalk((job) => walked.push(job.name), "w");
      expect(walked).toEqual(["w.a", "w.b"]);
      expect([await server.jobExists("w.a"), await server.jobExists("a", "w"), await server.jobExists("a")]).toEqual([
        true,
        true,
        false,
      ]);
      await server.unload("a", { session: "w", wait });
      await server.unload("w.b", { wait });
      expect(await server.jobs()).toEqual([]);
    });

    test("a job that is there is a conflict, unless it is forced", async () => {
      const job = await server.load({ name: "s.c", cmd: "sleep 1000" }, { wait });
      const again = { name: "s.c", cmd: "sleep 1000", numprocesses: 2 };
      expect(await rejectedBy(server.load(again))).toMatchObject({ code: "job_exists" });
      await server.load(again, { force: true, wait });
      expect(await job.numprocesses()).toBe(2);
      await job.unload({ wait });
    });

    test("starts, scales, restarts, reloads, updates and stops a job", async () => {
      const job = await server.load({ name: "s.d", cmd: "sleep 1000" }, { start: false });
      expect(await job.start({ wait })).toMatchObject({ running: 1, wanted: 1, problems: [] });
      expect(await job.scale("=3", { wait })).toMatchObject({ numprocesses: 3, clamped: false, running: 3 });
      expect((await job.sub(1, { wait })).numprocesses).toBe(2);
      const before = await job.pids();
      await job.restart({ wait });
      const restarted = await job.pids();
      expect([restarted.length, restarted.some((pid) => before.includes(pid))]).toEqual([2, false]);
      await server.reload("s.d", { wait });
      expect(await job.running()).toBe(1);
      await job.update({ cmd: "sleep 1001" }, { wait });
      expect((await job.config())["cmd"]).toBe("sleep 1001");
      expect((await job.stats()).stats).toHaveLength(1);
      expect(await job.stop({ wait })).toMatchObject({ running: 0 });
      await job.unload({ wait });
    });

    test("commits a process, and signals one or all", async () => {
      const cmd = `sh -c 'trap "echo got HUP" HUP; while :; do echo $WHO; sleep 0.05; done'`;
      const job = await server.load({ name: "s.e", cmd, env: { WHO: "slot" } }, { wait });
      const once = await job.commit({ env: { WHO: "once" }, gracefulTimeout: 1 });
      expect(await once.info()).toMatchObject({ pid: once.pid, name: "s.e", committed: true, env: { WHO: "once" } });
      expect([await job.runningOut(), await job.running()]).toEqual([1, 2]);
      const entries = async (text: string): Promise<number> =>
        (await job.logs()).filter((entry) => "text" in entry && entry.text === text).length;
      while ((await entries("once")) === 0 || (await entries("slot")) === 0) await Bun.sleep(5);
      await once.kill("HUP");
      while ((await entries("got HUP")) < 1) await Bun.sleep(5);
      await job.kill(1);
      while ((await entries("got HUP")) < 2) await Bun.sleep(5);
      await once.stop({ wait });
      expect(await rejectedBy(once.info())).toMatchObject({ code: "process_not_found" });
      await job.unload({ wait });
    });

    test("writes to a process and reads what it says, byte by byte", async () => {
      const job = await server.load(echo, { wait });
      const [cat] = await job.processes();
      if (cat === undefined) throw new Error("no process");
      expect([await cat.active(), (await cat.stats()).pid]).toEqual([true, cat.pid]);
      const abort = new AbortController();
      const reading = cat.read("stdout", abort.signal);
      // What it reads begins when it reads: bytes are written until some have come.
      const first = reading.next();
      const writing = setInterval(() => void cat.write(new Uint8Array([0, 255, 10])), 5);
      const { value } = await first;
      clearInterval(writing);
      expect([...new Uint8Array(value ?? [])].slice(0, 3)).toEqual([0, 255, 10]);
      await reading.return(undefined);
      abort.abort();
      await job.unload({ wait });
    });

    test("follows events, and goes on where it was", async () => {
      const seen: string[] = [];
      using events = server.events({ pattern: "job.s.f", since: 0 });
      const job = await server.load({ name: "s.f", cmd: "sleep 1000" }, { wait });
      for await (const body of events) {
        seen.push(body.event);
        if (body.event === "spawn") break;
      }
      await job.unload({ wait });
      for await (const body of events) {
        seen.push(body.event);
        if (body.event === "exit") break;
      }
      expect(seen).toEqual(["load", "start", "spawn", "unload", "stop", "stop_process", "exit"]);
      expect(events.lastId).toMatch(/-\d+$/);
    });

    test("follows logs until it is told to end", async () => {
      const job = await server.load({ name: "s.g", cmd: "sh -c 'echo one; echo two; sleep 1000'" }, { wait });
      const abort = new AbortController();
      const lines: string[] = [];
      for await (const entry of job.followLogs({ signal: abort.signal })) {
        if ("text" in entry) lines.push(entry.text);
        if (lines.length === 2) abort.abort();
      }
      expect(lines).toEqual(["one", "two"]);
      await job.unload({ wait });
    });

    test("errors carry the daemon's code and status", async () => {
      const missing = await server.getJob("nope").catch((error: unknown) => error);
      expect(missing).toBeInstanceOf(GafferError);
      expect(missing).toMatchObject({ code: "job_not_found", status: 404 });
      expect(await server.getProcess(9999).catch((error: unknown) => error)).toMatchObject({
        code: "process_not_found",
        status: 404,
      });
      expect(() => server.job("a b")).toThrow(/a name is/);
      const bad = { name: "s.x", cmd: "x", numprocesses: -1 };
      expect(await server.load(bad).catch((error: unknown) => error)).toMatchObject({ status: 400 });
      expect(await server.jobs("nope").catch((error: unknown) => error)).toMatchObject({ code: "session_not_found" });
      expect(await server.authenticate("me", "secret").catch((error: unknown) => error)).toMatchObject({ status: 404 });
    });
  });
}

test("a daemon that goes away and comes back: events go on, and tell of the gap", async () => {
  await using place = new DaemonPlace();
  await place.start();
  const server = new Server(place.endpoint);
  const connections: boolean[] = [];
  const bodies: EventBody[] = [];
  const abort = new AbortController();
  const onConnection = (isConnected: boolean): void => void connections.push(isConnected);
  const walk = async (): Promise<void> => {
    for await (const body of server.events({ since: 0, signal: abort.signal, onConnection })) bodies.push(body);
  };
  const walked = walk();
  const heard = (event: string): Promise<void> =>
    waitFor(
      () => bodies.some((body) => body.event === event),
      () => JSON.stringify(bodies),
    );
  await server.load({ name: "a", cmd: "sleep 1000" }, { wait });
  await heard("spawn");
  await place.daemon.stop();
  expect(await rejectedBy(server.ping())).toMatchObject({ code: "daemon_unreachable", exitCode: 3 });
  await place.start();
  await heard("gap");
  const before = bodies.length;
  await server.load({ name: "b", cmd: "sleep 1000" }, { wait });
  await waitFor(
    () => bodies.slice(before).some(({ event }) => event === "spawn"),
    () => JSON.stringify(bodies),
  );
  expect(connections).toEqual([false, true]);
  abort.abort();
  await walked;
});

test("HTTP_PROXY is not asked the way to a daemon of this machine", async () => {
  await using daemon = await RunningDaemon.start();
  const asked: string[] = [];
  const proxy = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: ({ url }) => {
      asked.push(url);
      return new Response("proxied");
    },
  });
  const script = `
    import { Server } from ${JSON.stringify(`${import.meta.dir}/../../src/lib.ts`)};
    console.log(await new Server(${JSON.stringify(daemon.host)}).jobs());`;
  const address = `http://127.0.0.1:${proxy.port}`;
  const env = { ...process.env, HTTP_PROXY: address, http_proxy: address, NO_PROXY: "", no_proxy: "" };
  const child = Bun.spawn([process.execPath, "-e", script], { env, stdio: ["ignore", "pipe", "inherit"] });
  expect([await child.stdout.text(), asked]).toEqual(["[]\n", []]);
  await proxy.stop(true);
});
