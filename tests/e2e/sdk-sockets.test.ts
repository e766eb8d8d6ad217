import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, readFileSync } from "node:fs";
import { GafferError, type IOChannel, type JobRequest, Server } from "../../src/lib.ts";
import { type Certificate, Certificates } from "../support/certificates.ts";
import { DaemonPlace } from "../support/daemon-place.ts";
import { rejectedBy } from "../support/rejected-by.ts";
import { RunningDaemon } from "../support/running-daemon.ts";
import { waitFor } from "../support/wait-for.ts";

const certificates = new Certificates();
const certificate = certificates.issue("server");
afterAll(() => certificates[Symbol.dispose]());

const wait = 20;
const sleeper = (name: string): JobRequest => ({ name, cmd: "sleep 1000" });
const cat: JobRequest = { name: "s.cat", cmd: "cat", redirect_input: true };

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
  ["a unix socket", () => RunningDaemon.start(), ({ socket }) => new Server(`unix:${socket}`)],
];

const decoder = new TextDecoder();

/** Reads a channel until it has said as many bytes. */
async function readBytes(channel: IOChannel, count: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of channel) {
    pieces.push(piece);
    if (Buffer.concat(pieces).length >= count) break;
  }
  return Buffer.concat(pieces);
}

for (const [transport, start, connect] of transports) {
  describe(`sockets of the SDK over ${transport}`, () => {
    let daemon: RunningDaemon;
    let server: Server;
    beforeAll(async () => {
      daemon = await start();
      server = connect(daemon);
    });
    afterAll(() => daemon[Symbol.asyncDispose]());

    test("commands are answered with their result, or refused with a code", async () => {
      await using socket = await server.socket();
      expect(await socket.command("load", { args: [sleeper("a")], kwargs: { sessionid: "c" } })).toMatchObject({
        ok: true,
      });
      expect(await socket.sendCommand("jobs")).toEqual({ jobs: ["c.a"] });
      expect(await socket.sendCommand("scale", "c.a", "+2")).toMatchObject({ numprocesses: 3 });
      const { info } = await socket.sendCommand<{ info: { name: string } }>("info", "c.a");
      expect(info.name).toBe("c.a");
      const many = await Promise.all(Array.from({ length: 50 }, () => socket.sendCommand("numprocesses", "c.a")));
      expect(new Set(many.map((one) => JSON.stringify(one)))).toEqual(new Set(['{"numprocesses":3}']));
      for (const [command, args, code] of [
        ["info", ["c.nope"], "job_not_found"],
        ["load", [sleeper("c.a")], "job_exists"],
        ["scale", ["c.a", "x"], "bad_operation"],
        ["scale", [], "bad_request"],
      ] as const) {
        const { code: told } = await rejectedBy(socket.sendCommand(command, ...args));
        expect([command, told]).toEqual([command, code]);
      }
      const unknown = await socket.sendCommand("nope").catch((error: unknown) => error);
      expect(unknown).toBeInstanceOf(GafferError);
      expect(unknown).toMatchObject({ status: 404 });
      await server.unload("c.a", { wait });
    });

    test("topics tell what happens, until they are unsubscribed", async () => {
      await using socket = await server.socket();
      const [job, all]: [string[], string[]] = [[], []];
      const topic = await socket.subscribe("JOB:t.a");
      topic.bindAll((event) => job.push(event));
      let exits = 0;
      topic.bind("exit", (_event, { topic: from, name }) => {
        expect([from, name]).toEqual(["JOB:t.a", "t.a"]);
        exits++;
      });
      await socket.subscribe("EVENTS");
      socket.bindAll((event, payload) => payload["topic"] === "EVENTS" && all.push(event));
      expect(await socket.subscribe("JOB:t.a")).toBe(topic);
      expect(socket.topic("JOB:t.a")).toBe(topic);
      const loaded = await server.load(sleeper("t.a"), { wait });
      await loaded.stop({ wait });
      await waitFor(
        () => exits === 1 && all.includes("exit"),
        () => `${job.join()} ${all.join()}`,
      );
      expect(job).toEqual(["load", "start", "spawn", "stop", "stop_process", "exit"]);
      await socket.unsubscribe("JOB:t.a");
      expect(socket.topic("JOB:t.a")).toBe(topic);
      await socket.unsubscribe("JOB:t.a");
      expect(socket.topic("JOB:t.a")).toBeUndefined();
      const before = job.length;
      await loaded.unload({ wait });
      await waitFor(
        () => all.includes("unload"),
        () => all.join(),
      );
      expect(job).toHaveLength(before);
      expect(await rejectedBy(socket.subscribe("NOPE:x"))).toMatchObject({ code: "bad_topic" });
      expect(await rejectedBy(socket.subscribe("PROCESS:9999"))).toMatchObject({ code: "process_not_found" });
    });

    test("STATS and STREAM tell of a process", async () => {
      const cmd = "sh -c 'while :; do echo tick; sleep 0.05; done'";
      const job = await server.load({ name: "t.b", cmd }, { wait });
      const [pid = 0] = await job.pids();
      await using socket = await server.socket();
      const [stats, stream] = [await socket.subscribe(`STATS:${pid}`), await socket.subscribe(`STREAM:${pid}.stdout`)];
      const [samples, said]: [unknown[], string[]] = [[], []];
      stats.bind("stat", (_event, payload) => samples.push(payload["pid"]));
      stream.bindAll((_event, payload) => said.push(JSON.stringify(payload)));
      await waitFor(
        () => samples.length > 1 && said.some((one) => one.includes("tick")),
        () => JSON.stringify([samples, said]),
      );
      expect(samples[0]).toBe(pid);
      await job.unload({ wait });
    });

    test("a channel writes any bytes to a process and reads them back", async () => {
      const job = await server.load(cat, { wait });
      const [process] = await job.processes();
      if (process === undefined) throw new Error("no process");
      await using channel = await process.socket();
      const bytes = Uint8Array.from({ length: 3000 }, (_, index) => index % 256);
      const read = readBytes(channel, bytes.length);
      await channel.write(bytes);
      expect(await read).toEqual(Buffer.from(bytes));
      let heard = "";
      channel.startRead((data) => (heard += decoder.decode(data)));
      await channel.write("héllo\n");
      await waitFor(
        () => heard === "héllo\n",
        () => heard,
      );
      await job.unload({ wait });
      expect((await channel.closed).code).toBe(1000);
    });

    test("a channel that may only read or only write says so, and one to nobody ends with the reason", async () => {
      const job = await server.load(cat, { wait });
      const [pid = 0] = await job.pids();
      const process = await server.getProcess(pid);
      await using reader = await process.socket({ mode: "read", stream: "stdout" });
      await using writer = await process.socket({ mode: "write" });
      expect(await rejectedBy(reader.write("x"))).toMatchObject({ code: "forbidden" });
      await writer.write("through\n");
      expect(decoder.decode(await readBytes(reader, 8))).toBe("through\n");
      await using nobody = await process.socket({ stream: "nope" });
      expect(await rejectedBy(readBytes(nobody, 1))).toMatchObject({ message: expect.stringContaining("nope") });
      expect(await rejectedBy(nobody.write("x"))).toBeTruthy();
      await job.unload({ wait });
      const gone = await process.socket();
      expect(await rejectedBy(readBytes(gone, 1))).toMatchObject({ code: "process_not_found" });
    });
  });
}

describe("a socket whose daemon goes away", () => {
  test("is closed, and rejects what is asked, unless it is to connect again", async () => {
    await using place = new DaemonPlace();
    await place.start();
    await using socket = await new Server(place.endpoint).socket();
    await place.daemon.stop();
    const { code } = await socket.closed;
    expect([code > 0, socket.isConnected]).toEqual([true, false]);
    expect(await rejectedBy(socket.sendCommand("jobs"))).toMatchObject({ code: "daemon_unreachable" });
  });

  test("connects again by itself if it is to, and tells what happens on its topics", async () => {
    await using place = new DaemonPlace();
    await place.start();
    const server = new Server(place.endpoint);
    const connections: boolean[] = [];
    const onConnection = (isConnected: boolean): void => void connections.push(isConnected);
    await using socket = await server.socket({ reconnect: true, onConnection });
    const heard: string[] = [];
    (await socket.subscribe("EVENTS")).bindAll((event, payload) => heard.push(`${event} ${String(payload["name"])}`));
    await server.load(sleeper("a"), { wait });
    await place.daemon.stop();
    await waitFor(
      () => connections.length === 1,
      () => connections.join(),
    );
    expect(await rejectedBy(socket.sendCommand("jobs"))).toMatchObject({ code: "daemon_unreachable" });
    await place.start();
    await waitFor(
      () => connections.length === 2,
      () => connections.join(),
    );
    await server.load(sleeper("b"), { wait });
    await waitFor(
      () => heard.includes("spawn default.b"),
      () => heard.join(),
    );
    expect([connections, await socket.sendCommand("jobs")]).toEqual([[false, true], { jobs: ["default.b"] }]);
  });

  test("gives up when it is closed meanwhile", async () => {
    await using place = new DaemonPlace();
    await place.start();
    const socket = await new Server(place.endpoint).socket({ reconnect: true });
    await place.daemon.stop();
    await socket.close();
    expect((await socket.closed).code).toBeNumber();
  });
});

test("a unix socket whose path no URL can hold is reached all the same", async () => {
  await using place = new DaemonPlace();
  const path = place.dir.file("ö d:d?#%41.sock");
  await using daemon = await RunningDaemon.start({ args: ["--bind", `unix:${path}`] });
  await daemon.logged(/listening on unix:.*%41/);
  await using socket = await new Server({ kind: "unix", path }).socket();
  expect(await socket.sendCommand("jobs")).toEqual({ jobs: [] });
});

test("a socket that can't be opened says why", async () => {
  const gone = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = gone;
  gone.stop(true);
  expect(await rejectedBy(new Server(`127.0.0.1:${port}`).socket())).toMatchObject({
    code: "daemon_unreachable",
    message: expect.stringContaining("nobody listens there"),
  });
  await using daemon = await startTls();
  expect(await rejectedBy(new Server(`https://localhost:${daemon.port}`).socket())).toMatchObject({
    message: expect.stringContaining("nobody whom this machine trusts has signed its certificate"),
  });
  const other = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("hello") });
  expect(await rejectedBy(new Server(`127.0.0.1:${other.port}`).socket())).toMatchObject({
    code: "daemon_unreachable",
    message: expect.stringContaining("Cannot open a websocket"),
  });
  await other.stop(true);
});

describe("a daemon that wants certificates of its clients", () => {
  const client = certificates.issue("client");
  const ca = certificates.ca.pem;

  test("serves requests, sockets and channels of who has one, and no socket of who has none", async () => {
    const own = ["--certfile", certificate.cert, "--keyfile", certificate.key, "--cacert", certificates.ca.cert];
    await using daemon = await RunningDaemon.start({ args: own, tcp: "https://127.0.0.1:0" });
    const address = `https://localhost:${daemon.port}`;
    const server = new Server(address, { tls: { ca, cert: client.pem, key: readFileSync(client.key, "utf8") } });
    const job = await server.load(cat, { wait });
    await using socket = await server.socket();
    expect(await socket.sendCommand("jobs")).toEqual({ jobs: ["s.cat"] });
    const [process] = await job.processes();
    if (process === undefined) throw new Error("no process");
    await using channel = await process.socket();
    await channel.write("hello\n");
    expect(decoder.decode(await readBytes(channel, 6))).toBe("hello\n");
    expect(await rejectedBy(new Server(address, { tls: { ca } }).socket())).toMatchObject({
      code: "daemon_unreachable",
      message: expect.stringContaining("it wants a certificate of its clients"),
    });
  });
});

test("a socket goes on while the daemon takes over new certificates", async () => {
  const live = { cert: certificates.dir.file("live.pem"), key: certificates.dir.file("live.key") };
  const install = ({ cert, key }: Certificate): void => {
    copyFileSync(cert, live.cert);
    copyFileSync(key, live.key);
  };
  install(certificate);
  const args = ["--certfile", live.cert, "--keyfile", live.key];
  await using daemon = await RunningDaemon.start({ args, tcp: "https://127.0.0.1:0" });
  const server = new Server(`https://localhost:${daemon.port}`, { tls: { ca: certificates.ca.pem } });
  await using socket = await server.socket();
  const heard: string[] = [];
  (await socket.subscribe("EVENTS")).bindAll((event, { name }) => heard.push(`${event} ${String(name)}`));
  install(certificates.issue("second"));
  daemon.gaffer.child.kill("SIGHUP");
  await daemon.logged(/has the certificates of now/);
  await server.load(sleeper("s.a"), { wait });
  expect(await socket.sendCommand("jobs")).toEqual({ jobs: ["s.a"] });
  await waitFor(
    () => heard.includes("spawn s.a"),
    () => heard.join(),
  );
  expect((await daemon.stopped()).code).toBe(0);
  expect((await socket.closed).code).toBeNumber();
});

describe("a daemon that does not move", () => {
  test("is noticed by the signs of life it does not give, and closing does not wait for it", async () => {
    await using daemon = await RunningDaemon.start();
    const server = new Server(`unix:${daemon.socket}`);
    const noticing = await server.socket({ heartbeatMs: 50 });
    const closing = await server.socket();
    const asked = noticing.sendCommand("jobs");
    expect(await asked).toEqual({ jobs: [] });
    process.kill(daemon.gaffer.child.pid, "SIGSTOP");
    try {
      expect((await noticing.closed).code).toBe(1006);
      await closing.close();
    } finally {
      process.kill(daemon.gaffer.child.pid, "SIGCONT");
    }
  });
});
