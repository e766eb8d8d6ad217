import { expect, test } from "bun:test";
import { parseEndpoint } from "../../../src/base/endpoint.ts";
import { DaemonClient } from "../../../src/client/daemon-client.ts";
import { GafferSocket } from "../../../src/client/gaffer-socket.ts";
import { IOChannel } from "../../../src/client/io-channel.ts";
import { rejectedBy } from "../../support/rejected-by.ts";
import { waitFor } from "../../support/wait-for.ts";

/** A server whose websockets say what they are told to, whatever they hear. */
class Saying implements AsyncDisposable {
  readonly heard: string[] = [];
  readonly #sockets = new Set<Bun.ServerWebSocket>();
  readonly #server: Bun.Server<undefined>;

  /** @param answer - to each message. */
  constructor(answer: (text: string) => readonly (string | Uint8Array)[]) {
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: (request, server) => (server.upgrade(request) ? undefined : new Response("no", { status: 400 })),
      websocket: {
        open: (socket) => void this.#sockets.add(socket),
        close: (socket) => void this.#sockets.delete(socket),
        message: (socket, data) => {
          this.heard.push(data.toString());
          for (const one of answer(data.toString())) socket.send(one);
        },
      },
    });
  }

  get client(): DaemonClient {
    return new DaemonClient({ endpoint: parseEndpoint(`127.0.0.1:${this.#server.port}`, "test") });
  }

  /** Says something of its own accord. */
  say(data: string | Uint8Array): void {
    for (const socket of this.#sockets) socket.send(data);
  }

  cut(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
  }
}

const success = (text: string, result: unknown): string => {
  const { data }: { data: { identity: string } } = JSON.parse(text);
  return JSON.stringify({ event: "gaffer:command_success", data: { id: data.identity, result } });
};

test("what a daemon says that nobody knows, or that is no JSON, hurts nothing", async () => {
  const strange = ["", "{", "null", "[]", '"x"', "{}", '{"event":"gaffer:new"}', '{"event":"gaffer:event"}', "\0"];
  const answers = ['{"event":"gaffer:command_success","data":{"id":"999"}}', '{"event":"gaffer:error","data":{}}'];
  await using server = new Saying((text) => [...strange, ...answers, new Uint8Array([255]), success(text, 1)]);
  await using socket = await GafferSocket.open(server.client);
  expect(await socket.sendCommand("x")).toBe(1);
  expect(await socket.sendCommand("y")).toBe(1);
});

test("what is still asked when the connection is lost is rejected, and so is what comes later", async () => {
  await using server = new Saying(() => []);
  const socket = await GafferSocket.open(server.client);
  const asked = [socket.sendCommand("x"), socket.subscribe("EVENTS"), socket.subscribe("EVENTS")].map(rejectedBy);
  await waitFor(
    () => server.heard.length === 2,
    () => server.heard.join(),
  );
  server.cut();
  for (const one of asked) {
    expect(await one).toMatchObject({
      code: "daemon_unreachable",
      message: expect.stringContaining("was closed (1006"),
    });
  }
  expect((await socket.closed).code).toBe(1006);
  expect(await rejectedBy(socket.sendCommand("x"))).toMatchObject({ code: "daemon_unreachable" });
  await socket.close();
});

test("a connection that is lost while it is being made again is made again", async () => {
  let refusals = 2;
  const heard: boolean[] = [];
  await using server: Saying = new Saying((text) => {
    const { event, data }: { event: string; data: { topic: string } } = JSON.parse(text);
    if (event === "CMD") return [success(text, "done")];
    if (heard.length > 0 && refusals > 0) {
      refusals--;
      server.cut();
      return [];
    }
    return [JSON.stringify({ event: "gaffer:subscription_success", topic: data.topic })];
  });
  const onConnection = (isConnected: boolean): void => void heard.push(isConnected);
  await using socket = await GafferSocket.open(server.client, { reconnect: true, onConnection });
  const topic = await socket.subscribe("EVENTS");
  const events: string[] = [];
  topic.bindAll((event) => events.push(event));
  server.cut();
  await waitFor(
    () => heard.length === 2,
    () => heard.join(),
  );
  expect([heard, refusals, await socket.sendCommand("x")]).toEqual([[false, true], 0, "done"]);
  server.say('{"event":"gaffer:event","data":{"topic":"EVENTS","event":"exit"}}');
  await waitFor(
    () => events.length === 1,
    () => events.join(),
  );
});

test("a channel whose reader is too slow is ended, and says so", async () => {
  await using server = new Saying(() => []);
  const channel = await IOChannel.open(server.client, 1);
  const head = new TextEncoder().encode("V1 message 1\0");
  const frame = new Uint8Array(head.length + 1_048_576);
  frame.set(head);
  for (let count = 0; count < 17; count++) server.say(frame);
  await channel.closed;
  let bytes = 0;
  const read = async (): Promise<void> => {
    for await (const piece of channel) bytes += piece.length;
  };
  expect(await rejectedBy(read())).toMatchObject({ code: "resource_exhausted" });
  expect(bytes).toBe(17 * 1_048_576);
});

test("frames that are none, and gaps, are no output", async () => {
  await using server = new Saying(() => []);
  const missed: (number | undefined)[] = [];
  const channel = await IOChannel.open(server.client, 1, { onGap: (bytes) => missed.push(bytes) });
  const frames = [
    "",
    "V1 x",
    "V2 message 1\0a",
    'V1 gap 1\0{"missed":7}',
    "V1 gap 1\0nothing",
    "V1 new 1\0x",
    "V1 response 9\0OK",
  ];
  for (const frame of [...frames, "V1 message 1\0out", "V1 message 2\0\0\0"]) server.say(frame);
  const said: string[] = [];
  for await (const piece of channel) {
    said.push(new TextDecoder().decode(piece));
    if (said.length === 2) break;
  }
  expect([said, missed]).toEqual([
    ["out", "\0\0"],
    [7, undefined],
  ]);
  await channel.close();
});
