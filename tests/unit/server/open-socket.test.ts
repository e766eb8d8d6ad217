import { expect, jest, test } from "bun:test";
import { type BunSocket, LINGER_MS, OpenSocket, STUCK_MS, TOO_SLOW } from "../../../src/server/open-socket.ts";
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
  let went = 0;
  const socket = new OpenSocket(whole, { onClosed: () => went++, onError: (error) => errors.push(error) });
  socket.opened(ws);
  return { ws, socket, errors, closed, gone: () => went };
}

const fault = (): never => {
  throw new Error("a bug");
};

test("a reader that takes nothing for STUCK_MS is closed with 1013; one that takes little is not", () => {
  jest.useFakeTimers();
  try {
    const { ws, socket, closed, gone } = setUp();
    socket.send("x".repeat(QUEUE_BYTES + 1));
    expect(socket.send("y")).toBe("full");
    expect(ws.isPaused).toBe(true);
    jest.advanceTimersByTime(STUCK_MS - 1);
    ws.buffered -= 1;
    jest.advanceTimersByTime(1);
    expect(closed).toEqual([]);
    jest.advanceTimersByTime(STUCK_MS);
    expect(closed).toEqual([[TOO_SLOW, "the reader is too slow"]]);
    expect([socket.send("z"), ws.closedWith]).toEqual(["full", undefined]);
    // It reads on after all: what it finds at the end is why.
    ws.buffered = 0;
    socket.drained();
    expect(ws.closedWith).toEqual([TOO_SLOW, "the reader is too slow"]);
    expect([jest.getTimerCount(), gone()]).toEqual([0, 1]);
  } finally {
    jest.useRealTimers();
  }
});

test("a reader that never takes anything again is parted with; one that goes while it is waited for is forgotten", () => {
  jest.useFakeTimers();
  try {
    for (const end of ["time", "close", "stop"]) {
      const { ws, socket, closed, gone } = setUp();
      socket.send("x".repeat(QUEUE_BYTES + 1));
      socket.send("y");
      jest.advanceTimersByTime(STUCK_MS);
      expect([closed.length, gone(), jest.getTimerCount()]).toEqual([1, 0, 1]);
      if (end === "time") jest.advanceTimersByTime(LINGER_MS);
      else if (end === "close") socket.closed(1006, "");
      else socket.end(1001, "stopping");
      expect([end, ws.closedWith]).toEqual([end, end === "close" ? undefined : [TOO_SLOW, "the reader is too slow"]]);
      expect([closed.length, gone(), jest.getTimerCount()]).toEqual([1, 1, 0]);
    }
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
