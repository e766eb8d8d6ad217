import { expect, test } from "bun:test";
import { EventEmitter } from "node:events";
import { processSignals, SigHandler, type SignalActions } from "../../../src/apps/signal-handler.ts";

/** A handler on signals of our own, and a record of what it did. */
function handled(
  more: Partial<SignalActions> = {},
  now = () => 0,
): { signals: EventEmitter; did: string[]; handler: SigHandler } {
  const did: string[] = [];
  const signals = new EventEmitter();
  const actions = {
    quit: (signal: number) => void did.push(`quit ${signal}`),
    quitNow: (signal: number) => void did.push(`quit now ${signal}`),
    ...more,
  };
  const handler = new SigHandler(processSignals(signals), actions, now);
  handler.start();
  return { signals, did, handler };
}

test("SigHandler asks for an orderly end at the first signal, for one at once at every further", () => {
  const { signals, did } = handled();
  for (const name of ["SIGTERM", "SIGINT", "SIGQUIT"]) signals.emit(name);
  expect(did).toEqual(["quit 15", "quit now 2", "quit now 3"]);
});

test("SigHandler takes the same signal within a tenth of a second for an echo of the first, as npm makes one", () => {
  let now = 1000;
  const { signals, did } = handled({}, () => now);
  signals.emit("SIGINT");
  now += 100;
  signals.emit("SIGINT");
  expect(did).toEqual(["quit 2"]);
  now += 1;
  signals.emit("SIGINT");
  expect(did).toEqual(["quit 2", "quit now 2"]);
});

test("SigHandler takes SIGHUP for an end where there is nothing to reload", () => {
  const { signals, did } = handled();
  signals.emit("SIGHUP");
  expect(did).toEqual(["quit 1"]);
});

test("SigHandler reloads on SIGHUP as often as it comes", () => {
  const did: string[] = [];
  const { signals } = handled({ reload: () => void did.push("reload") });
  signals.emit("SIGHUP");
  signals.emit("SIGHUP");
  expect(did).toEqual(["reload", "reload"]);
});

test("SigHandler passes SIGUSR1 and SIGUSR2 on where that is wanted, else leaves them alone", () => {
  const forwarded: number[] = [];
  const { signals } = handled({ forward: (signal) => void forwarded.push(signal) });
  signals.emit("SIGUSR1");
  signals.emit("SIGUSR2");
  expect(forwarded).toEqual([10, 12]);
  expect(handled().signals.eventNames()).toEqual(["SIGQUIT", "SIGTERM", "SIGINT", "SIGHUP"]);
});

test("SigHandler gives every signal back when it stops, and takes each once however often it starts", () => {
  const { signals, did, handler } = handled();
  handler.start();
  handler.restart();
  signals.emit("SIGTERM");
  expect(did).toEqual(["quit 15"]);
  handler.stop();
  expect(signals.eventNames()).toEqual([]);
});

test("SigHandler.QUIT_SIGNALS are SIGQUIT, SIGTERM and SIGINT", () => {
  expect(SigHandler.QUIT_SIGNALS).toEqual([3, 15, 2]);
});
