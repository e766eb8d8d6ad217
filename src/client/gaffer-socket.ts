import { formatEndpoint } from "../base/endpoint.ts";
import { GafferError } from "../base/gaffer-error.ts";
import { type ChannelReply, readChannelReply } from "../wire/channel-reply.ts";
import { AwaitedAnswers } from "./awaited-answers.ts";
import type { DaemonClient } from "./daemon-client.ts";
import { closeWebSocket, type SocketEnd } from "./open-web-socket.ts";
import { refusedWith } from "./refusal.ts";
import { SocketTopic, type TopicListener, TopicListeners } from "./socket-topic.ts";

/** How a socket is held. */
export interface GafferSocketOptions {
  /**
   * Pause between signs of life, in milliseconds; 0 = none are sent. A connection by which none came since the last counts as lost.
   * @defaultValue 15 seconds, as gaffer 0.5
   */
  readonly heartbeatMs?: number;
  /**
   * Whether it connects again by itself when the connection is lost, with pauses that grow to 5 seconds, and subscribes to its topics
   * again. What happened meanwhile is not told: {@link onConnection} says when that was. @defaultValue false: it is closed then
   */
  readonly reconnect?: boolean;
  /** The connection was lost, or is there again. */
  readonly onConnection?: (isConnected: boolean) => void;
}

/** A topic that was asked for. */
interface Subscription {
  readonly topic: SocketTopic;
  readonly answer: Promise<void>;
  /** How often it was asked for. */
  count: number;
}

/** A command's arguments, by place and by name. */
export interface CommandArguments {
  readonly args?: readonly unknown[];
  readonly kwargs?: Readonly<Record<string, unknown>>;
}

const PATH = "/channel/websocket";
const HEARTBEAT_MS = 15_000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;
const NORMAL: SocketEnd = { code: 1000, reason: "" };
/** A command that nobody has: its refusal shows that commands are taken. */
const NO_COMMAND = "authenticated";

/**
 * A websocket to a daemon: commands, and what happens on topics.
 *
 * @remarks What is asked is answered once: a promise that rejects with {@link GafferError} `daemon_unreachable` because the connection was
 * lost leaves open whether the command was carried out; all other codes mean it was not. While the connection is lost, every request is
 * rejected at once.
 * @see gaffer 0.5 `gaffer/httpclient/websocket.py`
 * @example
 * ```ts
 * await using socket = await server.socket();
 * const events = await socket.subscribe("JOB:shop.web");
 * events.bind("exit", (_event, { pid, reason }) => console.log(pid, reason));
 * await socket.sendCommand("scale", "shop.web", "+1");
 * ```
 */
export class GafferSocket implements AsyncDisposable {
  readonly #client: DaemonClient;
  readonly #options: GafferSocketOptions;
  readonly #commands = new AwaitedAnswers<unknown>();
  readonly #subscriptions = new AwaitedAnswers<void>();
  readonly #topics = new Map<string, Subscription>();
  readonly #listeners = new TopicListeners();
  readonly #ended = Promise.withResolvers<SocketEnd>();
  #socket: WebSocket | undefined;
  #key: string | undefined;
  #heartbeat: Timer | undefined;
  #wake: (() => void) | undefined;
  #nextId = 1;
  #isAlive = true;
  #isReconnecting = false;
  #isClosing = false;

  private constructor(client: DaemonClient, options: GafferSocketOptions) {
    this.#client = client;
    this.#options = options;
  }

  /**
   * Connects. The client's key, if it has one, is shown with the handshake.
   *
   * @throws {@link GafferError} `daemon_unreachable`, `unauthorized`, `forbidden`
   */
  static async open(client: DaemonClient, options: GafferSocketOptions = {}): Promise<GafferSocket> {
    const socket = new GafferSocket(client, options);
    await socket.#connect();
    const { heartbeatMs = HEARTBEAT_MS } = options;
    if (heartbeatMs > 0) socket.#heartbeat = setInterval(() => socket.#beat(), heartbeatMs);
    return socket;
  }

  /** Whether it can be talked to now. */
  get isConnected(): boolean {
    return this.#socket !== undefined;
  }

  /** How it ended, once it has: it was closed, or lost and does not connect again. */
  get closed(): Promise<SocketEnd> {
    return this.#ended.promise;
  }

  async #connect(): Promise<void> {
    const alive = (): void => void (this.#isAlive = true);
    const socket = await this.#client.openSocket(PATH, {
      onMessage: (data) => {
        alive();
        this.#take(typeof data === "string" ? data : new TextDecoder().decode(data));
      },
      onClose: (end) => this.#lost(end),
    });
    alive();
    socket.addEventListener("pong", alive);
    // It may have been closed meanwhile, which was heard.
    if (socket.readyState === WebSocket.OPEN) this.#socket = socket;
  }

  /**
   * Shows a key: from now on it is asked what this key may.
   *
   * @throws {@link GafferError} `forbidden` if it is nobody's; the socket is closed then.
   */
  async authenticate(key: string): Promise<void> {
    this.#send(`AUTH:${key}`);
    try {
      await this.sendCommand(NO_COMMAND);
    } catch (error) {
      if (!(error instanceof GafferError) || error.status !== 404) throw error;
    }
    this.#key = key;
  }

  /**
   * Carries a command out.
   *
   * @param args - its arguments, by place.
   * @returns its result.
   * @throws {@link GafferError} what the daemon refuses it with; it has had no effect then.
   */
  sendCommand<Result = unknown>(name: string, ...args: readonly unknown[]): Promise<Result>;
  sendCommand(name: string, ...args: readonly unknown[]): Promise<unknown> {
    return this.command(name, { args });
  }

  /** Carries a command out, its arguments by place and by name, as {@link sendCommand}. */
  command<Result = unknown>(name: string, given?: CommandArguments): Promise<Result>;
  async command(name: string, { args = [], kwargs = {} }: CommandArguments = {}): Promise<unknown> {
    const identity = String(this.#nextId++);
    const message = JSON.stringify({ event: "CMD", data: { identity, name, args, kwargs } });
    return this.#commands.wait(identity, () => this.#send(message));
  }

  /**
   * Subscribes to a topic: `EVENTS[:pattern]`, `JOB:s.n`, `PROCESS:pid`, `STATS:pid` or `s.n`, `STREAM:pid[.label]`.
   *
   * @returns the topic, the same for all who subscribe to it.
   * @throws {@link GafferError} `bad_topic`, `forbidden`, `process_not_found` …
   */
  async subscribe(name: string): Promise<SocketTopic> {
    const known = this.#topics.get(name) ?? this.#askTopic(name);
    known.count++;
    try {
      await known.answer;
    } catch (error) {
      if (this.#topics.get(name) === known) this.#topics.delete(name);
      throw error;
    }
    return known.topic;
  }

  #askTopic(name: string): Subscription {
    const answer = this.#subscriptions.wait(name, () => this.#sendTopic("SUB", name));
    const asked = { topic: new SocketTopic(name), answer, count: 0 };
    // What is told right behind the answer must find its topic.
    this.#topics.set(name, asked);
    return asked;
  }

  /** Ends one subscription to a topic; the last one ends what is told of it. */
  async unsubscribe(name: string): Promise<void> {
    const known = this.#topics.get(name);
    if (known === undefined || --known.count > 0) return;
    this.#topics.delete(name);
    await this.#subscriptions.wait(name, () => this.#sendTopic("UNSUB", name));
  }

  /** A topic that it is subscribed to; undefined = it is not. */
  topic(name: string): SocketTopic | undefined {
    return this.#topics.get(name)?.topic;
  }

  /** Calls it at each event of this name, whatever topic tells it. */
  bind(event: string, listener: TopicListener): void {
    this.#listeners.bind(event, listener);
  }

  /** Calls it at every event of every topic. */
  bindAll(listener: TopicListener): void {
    this.#listeners.bind(".", listener);
  }

  /** Calls it no more. @param event - `.` for a listener of every event. */
  unbind(event: string, listener: TopicListener): void {
    this.#listeners.unbind(event, listener);
  }

  #sendTopic(event: "SUB" | "UNSUB", topic: string): void {
    this.#send(JSON.stringify({ event, data: { topic } }));
  }

  #send(message: string): void {
    if (this.#socket === undefined) throw this.#unreachable("the connection is lost");
    this.#socket.send(message);
  }

  #beat(): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    if (!this.#isAlive) return socket.terminate();
    this.#isAlive = false;
    socket.ping();
    return undefined;
  }

  #unreachable(fact: string): GafferError {
    return new GafferError(
      "daemon_unreachable",
      `Cannot reach a daemon at ${formatEndpoint(this.#client.endpoint)}: ${fact}`,
    );
  }

  #take(text: string): void {
    const reply = parsed(text);
    if (reply !== undefined) this.#hear(reply);
  }

  #hear(reply: ChannelReply): void {
    switch (reply.kind) {
      case "subscribed":
        return this.#subscriptions.resolve(reply.topic, undefined);
      case "refused":
        return void this.#subscriptions.reject(reply.topic, faultOf(reply.fault, `Cannot subscribe to ${reply.topic}`));
      case "result":
        return this.#commands.resolve(String(reply.id), reply.result);
      case "failure":
        return void this.#commands.reject(String(reply.id), faultOf(reply.error, "The command failed"));
      case "event":
        return this.#tell(reply);
      case "error":
        return this.#refused(reply.data);
    }
  }

  #tell({ topic, data }: ChannelReply & { readonly kind: "event" }): void {
    const event = String(data["event"]);
    this.#topics.get(topic)?.topic.tell(event, data);
    this.#listeners.tell(event, data);
  }

  /** A message that was none, or a key that is: after that the socket is closed. */
  #refused(data: Readonly<Record<string, unknown>>): void {
    const { error, id, reason, ...rest } = data;
    if (error === "AUTH_REQUIRED") {
      this.#isClosing = true;
      return this.#rejectAll(faultOf({ ...rest, errno: 403 }, "Cannot use this socket: it takes a key"));
    }
    const fault = faultOf(rest, `Cannot understand the message: ${String(reason)}`);
    if (typeof id === "string") this.#commands.reject(id, fault);
    return undefined;
  }

  #rejectAll(error: unknown): void {
    this.#commands.rejectAll(error);
    this.#subscriptions.rejectAll(error);
  }

  #lost(end: SocketEnd): void {
    this.#socket = undefined;
    const why = end.reason === "" ? String(end.code) : `${end.code}: ${end.reason}`;
    this.#rejectAll(this.#unreachable(`the connection was closed (${why})`));
    // Whoever tries to connect again sees it.
    if (this.#isReconnecting) return undefined;
    if (this.#isClosing || this.#options.reconnect !== true) return this.#finish(end);
    this.#isReconnecting = true;
    this.#options.onConnection?.(false);
    void this.#reconnect(end);
    return undefined;
  }

  #finish(end: SocketEnd): void {
    clearInterval(this.#heartbeat);
    this.#ended.resolve(end);
  }

  /** Tries until it is connected again, closed, or refused. */
  async #reconnect({ code }: SocketEnd): Promise<void> {
    for (let pauseMs = FIRST_PAUSE_MS; !this.#isClosing; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      await this.#pause(pauseMs);
      const refusal = this.#isClosing ? undefined : await this.#tryAgain();
      if (refusal !== undefined) return this.#finish({ code, reason: refusal.message });
      if (this.#socket === undefined) continue;
      this.#isReconnecting = false;
      if (this.#isClosing) return closeWebSocket(this.#socket, NORMAL);
      this.#options.onConnection?.(true);
      return undefined;
    }
    return this.#finish({ code, reason: "" });
  }

  /** Makes a new connection what the last one was, unless nobody is there yet. @returns why there will be none */
  async #tryAgain(): Promise<Error | undefined> {
    try {
      await this.#connect();
      if (this.#key !== undefined) await this.authenticate(this.#key);
      await this.#subscribeAgain();
      return undefined;
    } catch (error) {
      return isUnreachable(error) ? undefined : error instanceof Error ? error : new Error(String(error));
    }
  }

  /** A topic that is gone meanwhile tells nothing any more. */
  async #subscribeAgain(): Promise<void> {
    const asked = [...this.#topics.keys()].map(async (name) => {
      try {
        await this.#subscriptions.wait(name, () => this.#sendTopic("SUB", name));
      } catch (error) {
        if (isUnreachable(error)) throw error;
        this.#topics.delete(name);
      }
    });
    await Promise.all(asked);
  }

  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#wake = resolve;
    await promise;
    clearTimeout(timer);
  }

  /** Closes it; what is still asked is rejected. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#heartbeat);
    if (this.#socket === undefined) this.#wake?.();
    else closeWebSocket(this.#socket, NORMAL);
    await this.#ended.promise;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** What was said; undefined for what is none of it: a newer daemon may say more. */
function parsed(text: string): ChannelReply | undefined {
  try {
    return readChannelReply(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const isUnreachable = (error: unknown): boolean => error instanceof GafferError && error.code === "daemon_unreachable";

const faultOf = (fields: Readonly<Record<string, unknown>>, message: string): GafferError =>
  refusedWith(fields, { status: 400, message });
