import { expect } from "bun:test";
import { ChannelSession } from "../../../../../src/apps/http-api/channel/channel-session.ts";
import {
  ProcessChannel,
  type ProcessChannelOptions,
} from "../../../../../src/apps/http-api/channel/process-channel.ts";
import { StreamSocket } from "../../../../../src/apps/http-api/channel/stream-socket.ts";
import { Control } from "../../../../../src/apps/control/control.ts";
import { StatsMonitor } from "../../../../../src/apps/stats-monitor.ts";
import { WebHooks } from "../../../../../src/apps/webhooks/web-hooks.ts";
import { type Caller, OWNER } from "../../../../../src/base/caller.ts";
import { GafferError } from "../../../../../src/base/gaffer-error.ts";
import type { ByteSink } from "../../../../../src/output/byte-sink.ts";
import { OutputHub } from "../../../../../src/output/output-hub.ts";
import type { TreeUsage } from "../../../../../src/wire/stats-body.ts";
import { FakeSocket } from "../../../../support/fake-socket.ts";
import { ManagedWorld } from "../../../manager/managed-world.ts";

/** A caller whose rights the test gives, takes, and takes back with its key. */
export class FakeCaller implements Caller {
  readonly label = "key tester";
  readonly keyId = "1";
  /** `permission target`, `permission *`. */
  readonly rights: Set<string>;
  readonly #listeners = new Set<() => void>();

  constructor(...rights: string[]) {
    this.rights = new Set(rights);
  }

  readonly may: Caller["may"] = (permission, target = "*") =>
    this.rights.has(`${permission} *`) || this.rights.has(`${permission} ${target}`);

  readonly onRevoked = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Sockets that want to hear of the end of the key. */
  get listeners(): number {
    return this.#listeners.size;
  }

  revoke(): void {
    this.rights.clear();
    for (const listener of this.#listeners) listener();
  }
}

const usageOf = (osPid: number): TreeUsage => ({
  osPid,
  cpuPercent: 1,
  memoryBytes: 1 << 20,
  virtualBytes: 1 << 21,
  cpuTimeMs: 10,
  username: "root",
  nice: 0,
  commandLine: "sleep",
  children: [],
});

/** A manager without a machine, and channels to it. Disposing it fails the test if anybody still listens. */
export class ChannelWorld implements AsyncDisposable {
  readonly base: ManagedWorld = new ManagedWorld();
  readonly output: OutputHub = new OutputHub({ onError: (error) => this.errors.push(error) });
  readonly keys: Map<string, Caller> = new Map<string, Caller>();
  readonly errors: unknown[] = [];
  /** Called in each look at the machine. */
  onLook: () => void | Promise<void> = () => undefined;
  readonly monitor: StatsMonitor;
  readonly control: Control;
  readonly #sockets: FakeSocket[] = [];
  /** How long a socket may be open without a key. */
  keyMs: number = 60_000;

  constructor() {
    const { manager, clock } = this.base;
    const stats = async (osPids: readonly number[]): Promise<Map<number, TreeUsage>> => {
      await this.onLook();
      return new Map(osPids.map((osPid) => [osPid, usageOf(osPid)]));
    };
    const onError = (error: unknown): void => void this.errors.push(error);
    const totalMemoryBytes = 1 << 30;
    this.monitor = new StatsMonitor({ manager, clock, stats, totalMemoryBytes, onError });
    this.control = new Control({
      manager,
      output: this.output,
      webhooks: new WebHooks({ clock }),
      access: undefined,
      stats,
      totalMemoryBytes,
      plugins: () => [],
      shutdown: () => undefined,
    });
  }

  get #ports() {
    const { output, monitor, control } = this;
    return {
      manager: this.base.manager,
      output,
      monitor,
      control,
      onError: (error: unknown) => this.errors.push(error),
      keyMs: this.keyMs,
    };
  }

  readonly #authenticate = (key: string): Caller => {
    const caller = this.keys.get(key);
    if (caller === undefined) throw new GafferError("forbidden", "no such key");
    return caller;
  };

  #open(session: ConstructorParameters<typeof FakeSocket>[0]): FakeSocket {
    const socket = new FakeSocket(session);
    this.#sockets.push(socket);
    return socket;
  }

  channel(caller: Caller = OWNER): FakeSocket {
    return this.#open(new ChannelSession(this.#ports, { caller, authenticate: this.#authenticate }));
  }

  process(options: Partial<ProcessChannelOptions> = {}): FakeSocket {
    const whole = { caller: OWNER, authenticate: this.#authenticate, pid: 1, stream: undefined, binary: undefined };
    return this.#open(new ProcessChannel(this.#ports, { ...whole, isReading: true, isWriting: true, ...options }));
  }

  stream(options: { id?: string; caller?: Caller; binary?: boolean } = {}): FakeSocket {
    const whole = { caller: OWNER, authenticate: this.#authenticate, id: "1", binary: undefined };
    return this.#open(new StreamSocket(this.#ports, { ...whole, ...options }));
  }

  /** Opens an output as the host would. */
  out(stream = "stdout", id = 1): ByteSink {
    return this.output.open({ id, job: "default.dummy", slot: 1 }, stream);
  }

  /** One look of the monitor. */
  async look(): Promise<void> {
    this.base.clock.advance(100);
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.close(1000, "the test is over");
    expect(this.monitor.count).toBe(0);
    expect(this.errors).toEqual([]);
    // The test's own listener is left, and the manager's world.
    expect(this.base.manager.events.active).toBe(true);
    this.base.manager.events.unsubscribeAll(".");
    expect(this.base.manager.events.active).toBe(false);
    await this.base[Symbol.asyncDispose]();
  }
}

/** A CMD message of identity 1. */
export const cmd = (name: string, args: unknown[] = [], kwargs: object = {}): object => ({
  event: "CMD",
  data: { identity: 1, name, args, kwargs },
});

/** A SUB message. */
export const sub = (topic: string): object => ({ event: "SUB", data: { topic } });
/** An UNSUB message. */
export const unsub = (topic: string): object => ({ event: "UNSUB", data: { topic } });
