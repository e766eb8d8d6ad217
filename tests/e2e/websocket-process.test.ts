import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { decodeIoFrame, encodeIoFrame, textOf } from "../../src/wire/io-frame.ts";
import { PythonWebSocket } from "../support/python-websocket.ts";
import { RawWebSocket } from "../support/raw-websocket.ts";
import { RunningDaemon } from "../support/running-daemon.ts";
import { TestWebSocket } from "../support/test-websocket.ts";
import { waitFor } from "../support/wait-for.ts";

setDefaultTimeout(30_000);

const echo = fileURLToPath(new URL("../fixtures/seeds/echo.py", import.meta.url));
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** All output frames put together. */
const output = (socket: TestWebSocket): Buffer =>
  Buffer.concat(
    socket.got.flatMap((one) => {
      const frame = decodeIoFrame(one);
      return frame?.type === "message" ? [frame.body] : [];
    }),
  );

describe("a process by websocket", () => {
  let daemon: RunningDaemon;
  beforeAll(async () => {
    daemon = await RunningDaemon.start();
  });
  afterAll(() => daemon[Symbol.asyncDispose]());

  /** Loads a job that ends by itself at most once, and gives the number of its process. */
  async function run(name: string, job: object): Promise<number> {
    const common = { name, redirect_output: ["out", "err"], redirect_input: true, restart: "never" };
    const { status, text } = await daemon.request("POST /jobs/s", { ...common, ...job });
    expect([status, text]).toEqual([200, expect.any(String)]);
    await daemon.until(`/jobs/s/${name}`, /"state":"running"/);
    const pids = (await daemon.request(`GET /jobs/s/${name}/pids`)).text;
    return Number(/\d+/.exec(pids)?.[0]);
  }

  const connect = (path: string): Promise<TestWebSocket> => new TestWebSocket(`ws://${daemon.host}${path}`).opened();

  test("what is written comes back, as the echo of gaffer 0.5 did", async () => {
    const pid = await run("echo", { cmd: "python3", args: ["-u", echo] });
    using socket = await connect(`/${pid}/channel`);
    socket.socket.send("V1 message someid\0ECHO\n");
    await socket.until((one) => one === "V1 response someid\0OK", "an OK");
    await socket.until((one) => typeof one === "string" && /^V1 message [0-9a-f]{32}\0ECHO\n$/.test(one), "an echo");
    using reader = await connect(`/${pid}/channel/out?mode=1`);
    reader.socket.send("V1 message x\0no\n");
    await reader.until((one) => typeof one === "string" && one.startsWith("V1 error x\0"), "a refusal");
    using writer = await connect(`/${pid}/channel?mode=2`);
    writer.socket.send("V1 message y\0yes\n");
    await writer.until((one) => one === "V1 response y\0OK", "an OK");
    await waitFor(
      () => output(reader).includes("yes\n"),
      () => output(reader).toString(),
    );
    expect(output(reader).toString()).toBe("yes\n");
    expect(output(writer).toString()).toBe("");
  });

  test("every byte goes both ways, and the end of the process closes with 1000 after the last of them", async () => {
    const pid = await run("cat", { cmd: "head -c 300000" });
    using socket = await connect(`/${pid}/channel?binary=1`);
    const all = Uint8Array.from({ length: 300_000 }, (_, at) => (at * 7 + (at >> 8)) & 255);
    for (let at = 0; at < all.length; at += 30_000) {
      const body = all.subarray(at, at + 30_000);
      socket.socket.send(Uint8Array.from(encodeIoFrame({ type: "message", id: `w${at}`, body })));
    }
    expect(await socket.ended()).toEqual([1000, "exited with code 0"]);
    expect(new Uint8Array(output(socket))).toEqual(all);
    const answers = socket.got.flatMap((one) => {
      const frame = decodeIoFrame(one);
      return frame?.type === "response" ? [frame.id] : [];
    });
    expect(answers).toEqual(Array.from({ length: 10 }, (_, at) => `w${at * 30_000}`));
  });

  test("a custom stream is read and written by its name", async () => {
    const cmd = `sh -c 'head -n 1 <&3 >&3'`;
    const pid = await run("custom", { cmd, custom_streams: ["ctl"] });
    using socket = await connect(`/${pid}/channel/ctl`);
    socket.socket.send("V1 message a\0line\n");
    expect(await socket.ended()).toEqual([1000, "exited with code 0"]);
    expect(output(socket).toString()).toBe("line\n");
  });

  test("what is not there is said in a frame, then it is closed; a bad query is refused before", async () => {
    const pid = await run("mute", { cmd: "sleep 1000", redirect_output: [], redirect_input: false });
    const cases = [
      ["/99999/channel", "ENOENT"],
      [`/${pid}/channel/nope`, "ENOENT"],
      [`/${pid}/channel`, "EPERM"],
      [`/${pid}/channel?mode=2`, "EPERM"],
    ] as const;
    for (const [path, error] of cases) {
      using socket = await connect(path);
      expect([path, await socket.ended()]).toEqual([path, [1008, "refused"]]);
      const frame = decodeIoFrame(socket.got[0] ?? "");
      expect([frame?.type, frame?.id]).toEqual(["error", "gaffer_error"]);
      expect(JSON.parse(textOf(frame?.body ?? bytes("")) ?? "")).toMatchObject({ error });
    }
    for (const query of ["mode=0", "mode=4", "mode=x", "modus=1", "binary=2"]) {
      const headers = { Upgrade: "websocket" };
      const answer = await daemon.request(`GET /${pid}/channel?${query}`, undefined, { headers });
      expect([query, answer.status]).toEqual([query, 400]);
    }
    expect((await daemon.request(`GET /${pid}/channel`)).status).toBe(426);
  });

  test("/wstreams: text in, text out, errors as JSON, and a Python client", async () => {
    const pid = await run("old", { cmd: "cat" });
    using socket = await connect(`/wstreams/${pid}`);
    socket.socket.send("ECHO\n");
    await socket.until((one) => one === "ECHO\n", "an echo");
    await using python = new PythonWebSocket({ port: daemon.port, path: `/wstreams/${pid}` });
    await python.said(/"open":true/);
    await using binary = new PythonWebSocket({ port: daemon.port, path: `/wstreams/${pid}?binary=1` }, ["--binary"]);
    await binary.said(/"open":true/);
    python.send('"héllo\\n"');
    await python.said(/"text":"héllo\\n"/);
    await binary.said(/"hex":"68c3a96c6c6f0a"/);
    binary.send("fe0aff0a");
    await python.said(/"hex":"fe0aff0a"/);
    const errors = [
      ["/wstreams/x", "bad_value"],
      ["/wstreams/99999", "not_found"],
    ] as const;
    for (const [path, error] of errors) {
      using refused = await connect(path);
      expect(await refused.ended()).toEqual([1008, "refused"]);
      expect(JSON.parse(refused.texts[0] ?? "")).toMatchObject({ error });
    }
    await daemon.request(`DELETE /jobs/s/old`);
    expect((await socket.ended())?.[0]).toBe(1000);
    expect(await python.ended()).toMatchObject({ close: 1000 });
  });

  test("one who stops reading holds up neither the process nor the daemon, and is told what he missed", async () => {
    const pid = await run("flood", { cmd: "sh -c 'read go; head -c 50000000 /dev/zero; read stay'" });
    const path = `/${pid}/channel?mode=1&binary=1`;
    using stuck = await RawWebSocket.open(daemon.port, path);
    using other = await connect(path);
    using writer = await connect(`/${pid}/channel?mode=2`);
    stuck.connection.pause();
    writer.socket.send("V1 message go\0go\n");
    await waitFor(
      () => output(other).length + missed(other.got) === 50_000_000,
      () => `${output(other).length} bytes, ${missed(other.got)} missed`,
    );
    stuck.connection.resume();
    const frames = (): (string | Uint8Array)[] => stuck.read().map(({ payload }) => Uint8Array.from(payload));
    await waitFor(
      () => missed(frames()) > 0,
      () => "a gap",
    );
    const got = frames().reduce(
      (sum, one) => sum + (decodeIoFrame(one)?.type === "message" ? (decodeIoFrame(one)?.body.length ?? 0) : 0),
      0,
    );
    expect(got + missed(frames())).toBe(50_000_000);
    writer.socket.send("V1 message end\0end\n");
    expect(await writer.ended()).toEqual([1000, "exited with code 0"]);
    expect(await stuck.closed()).toEqual([1000, "exited with code 0"]);
  });
});

/** Bytes that gap frames tell of. */
function missed(got: readonly (string | Uint8Array)[]): number {
  return got.reduce((sum: number, one) => {
    const frame = decodeIoFrame(one);
    return sum + (frame?.type === "gap" ? Number(JSON.parse(textOf(frame.body) ?? "").missed) : 0);
  }, 0);
}
