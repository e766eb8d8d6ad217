import { expect, jest, test } from "bun:test";
import { type BunSocket, OpenSocket, STUCK_MS, TOO_SLOW } from "../../../src/server/open-socket.ts";
import { QUEUE_BYTES, type Socket, type SocketSession } from "../../../src/server/socket.ts";

/** A websocket whose reader takes what the test says. */
class FakeBunSocket {
  buffered = 0;
  isPaused = false;
  closedWith: readonly [number, string] | undefined;
  readyState: BunSocket["readyState"] = 1;

  send(data: string | Bun.BufferSource): number {
    this.buffered += typeof data === "string" ? data.length : data.byteLength;
    return -1;
  }

  close(code = 1000, reason = ""): void {
    this.closedWith = [code, reason];
    this.readyState = 3;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  getBufferedAmount(): number {
    return this.buffered;
  }
}

function setUp(session: Partial<SocketSession> = {}) {
  const ws = new FakeBunSocket();
  const errors: unknown[] = [];
  const closed: unknown[] = [];
  const whole: SocketSession = {
    open: () => undefined,
    message: () => undefined,
    drain: () => undefined,
    close: (...how) => closed.push(how),
    ...session,
  };
  const socket = new OpenSocket(whole, { onClosed: () => undefined, onError: (error) => errors.push(error) });
  socket.opened(ws);
  return { ws, socket, errors, closed };
}

const fault = (): never => {
  throw new Error("a bug");
};

test("a reader that takes nothing for STUCK_MS is closed with 1013; one that takes little is not", () => {
  jest.useFakeTimers();
  try {
    const { ws, socket, closed } = setUp();
    socket.send("x".repeat(QUEUE_BYTES + 1));
    expect(socket.send("y")).toBe("full");
    expect(ws.isPaused).toBe(true);
    jest.advanceTimersByTime(STUCK_MS - 1);
    ws.buffered -= 1;
    jest.advanceTimersByTime(1);
    expect(ws.closedWith).toBeUndefined();
    jest.advanceTimersByTime(STUCK_MS);
    expect(ws.closedWith).toEqual([TOO_SLOW, "the reader is too slow"]);
    expect(closed).toEqual([[TOO_SLOW, "the reader is too slow"]]);
    expect(socket.send("z")).toBe("full");
    expect(jest.getTimerCount()).toBe(0);
  } finally {
    jest.useRealTimers();
  }
});

test("after a drain it hears and sends again, and no timer is left", () => {
  jest.useFakeTimers();
  try {
    const heard: unknown[] = [];
    const { ws, socket } = setUp({ message: (data) => void heard.push(data) });
    socket.send("x".repeat(QUEUE_BYTES + 1));
    socket.send("y");
    socket.received("question");
    expect(heard).toEqual([]);
    ws.buffered = 0;
    socket.drained();
    expect([heard, ws.isPaused, socket.send("z")]).toEqual([["question"], false, "sent"]);
    expect(jest.getTimerCount()).toBe(0);
  } finally {
    jest.useRealTimers();
  }
});

test("a reason is cut between characters", () => {
  const { ws, socket } = setUp();
  socket.close(1000, "é".repeat(100));
  expect(ws.closedWith).toEqual([1000, "é".repeat(61)]);
});

test("what open(), drain() and close() throw is told, and closes it once", () => {
  const { ws, errors } = setUp({ open: fault, close: fault });
  expect(ws.closedWith?.[0]).toBe(1011);
  expect(errors).toEqual([new Error("a bug"), new Error("a bug")]);
});

test("close() from within message() stops what follows", async () => {
  const heard: unknown[] = [];
  let own: Socket | undefined;
  const { socket, closed } = setUp({
    open: (given) => (own = given),
    message: async (data) => {
      heard.push(data);
      await Promise.resolve();
      own?.close(1000, "done");
    },
  });
  socket.received("a");
  socket.received("b");
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
  expect([heard, closed]).toEqual([["a"], [[1000, "done"]]]);
});
