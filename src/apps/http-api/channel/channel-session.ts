import { type Caller, NOBODY } from "../../../base/caller.ts";
import { GafferError } from "../../../base/gaffer-error.ts";
import { didYouMean } from "../../../base/nearest.ts";
import type { Socket, SocketMessage, SocketSession } from "../../../server/socket.ts";
import {
  authRequired,
  commandError,
  commandSuccess,
  invalidMessage,
  subscriptionError,
  subscriptionSuccess,
} from "../../../wire/channel-reply.ts";
import { type ChannelCommand, readChannelRequest } from "../../../wire/channel-request.ts";
import type { Control } from "../../control/control.ts";
import { channelCall, channelCommandNames } from "./channel-commands.ts";
import { commandFault, subscriptionFault, unknownCommand } from "./channel-fault.ts";
import { waitForKey } from "./key-wait.ts";
import { openTopic, type TopicPorts } from "./open-topic.ts";
import { Outbox } from "./outbox.ts";
import { NO_KEY, REVOKED } from "./socket-codes.ts";
import type { TopicFeed } from "./topic-feed.ts";

/** What a channel works with. */
export interface ChannelPorts extends TopicPorts {
  readonly control: Control;
  /** Told of a bug that a command met. */
  readonly onError: (error: unknown) => void;
  /** How long a socket may be open without a key, in milliseconds. @defaultValue 10 seconds */
  readonly keyMs?: number;
}

/** Whom a channel serves. */
export interface ChannelVisitor {
  /** {@link NOBODY} must show a key by its first message. */
  readonly caller: Caller;
  /** Whose key this is. @throws {@link GafferError} `forbidden` if it is nobody's */
  readonly authenticate: (key: string) => Caller;
}

interface Subscription {
  readonly topic: string;
  readonly feed: TopicFeed;
  /** How often the client asked for it. */
  count: number;
}

/** Most topics that one socket may listen to. */
const TOPICS = 1024;

/**
 * The protocol of `/channel`: commands, and what happens on topics. Messages are taken one after the other: each command is answered
 * before the next begins.
 *
 * @see gaffer 0.5 `gaffer/gafferd/http_handlers/channels.py`
 */
export class ChannelSession implements SocketSession {
  readonly #ports: ChannelPorts;
  readonly #authenticate: ChannelVisitor["authenticate"];
  #caller: Caller;
  #stopWatching: (() => void) | undefined;
  #keyShown: (() => void) | undefined;
  readonly #outbox = new Outbox(() => this.#next());
  readonly #subscriptions = new Map<string, Subscription>();
  /** Those that may have something to tell. */
  readonly #awake = new Set<Subscription>();

  constructor(ports: ChannelPorts, { caller, authenticate }: ChannelVisitor) {
    this.#ports = ports;
    this.#caller = caller;
    this.#authenticate = authenticate;
  }

  open(socket: Socket): void {
    this.#outbox.open(socket);
    this.#serve(this.#caller);
    if (this.#caller === NOBODY) this.#keyShown = waitForKey(this.#outbox, this.#ports.keyMs);
  }

  #serve(caller: Caller): void {
    this.#keyShown?.();
    this.#stopWatching?.();
    this.#caller = caller;
    this.#stopWatching = caller.onRevoked?.(() => this.#outbox.cut(REVOKED));
  }

  message(data: SocketMessage): void | Promise<void> {
    if (this.#outbox.isEnding) return undefined;
    const request = readChannelRequest(data);
    if (request.kind === "auth") return this.#auth(request.key);
    if (this.#caller === NOBODY)
      return this.#refuse("Cannot serve a channel without a key: send AUTH: and the key first");
    switch (request.kind) {
      case "nop":
        return undefined;
      case "sub":
        return this.#subscribe(request.topic);
      case "unsub":
        return this.#unsubscribe(request.topic);
      case "cmd":
        return this.#execute(request);
      case "invalid":
        return this.#outbox.say(invalidMessage(request.reason, request.id));
    }
  }

  #auth(key: string): void {
    try {
      this.#serve(this.#authenticate(key));
    } catch (error) {
      if (!(error instanceof GafferError)) throw error;
      this.#refuse(error.message);
    }
  }

  #refuse(message: string): void {
    this.#outbox.say(authRequired(message));
    this.#outbox.end(NO_KEY);
  }

  #subscribe(topic: string): void {
    const known = this.#subscriptions.get(topic);
    if (known !== undefined) {
      known.count++;
      return this.#outbox.say(subscriptionSuccess(topic));
    }
    try {
      this.#listen(topic);
    } catch (error) {
      if (!(error instanceof GafferError)) this.#ports.onError(error);
      return this.#outbox.say(subscriptionError(topic, subscriptionFault(error, topic)));
    }
    return this.#outbox.say(subscriptionSuccess(topic));
  }

  #listen(topic: string): void {
    if (this.#subscriptions.size >= TOPICS) {
      throw new GafferError("bad_request", `Cannot subscribe to more: ${TOPICS} topics are the most of one socket`);
    }
    const feed = openTopic(topic, this.#ports, this.#caller);
    const subscription = { topic, feed, count: 1 };
    feed.open((isUrgent) => {
      this.#awake.add(subscription);
      this.#outbox.wake(isUrgent);
    });
    this.#subscriptions.set(topic, subscription);
  }

  /** Idempotent: what has ended by itself meanwhile can be ended, too. */
  #unsubscribe(topic: string): void {
    const known = this.#subscriptions.get(topic);
    if (known !== undefined && --known.count === 0) this.#drop(known);
    return this.#outbox.say(subscriptionSuccess(topic));
  }

  #drop(subscription: Subscription): void {
    this.#subscriptions.delete(subscription.topic);
    this.#awake.delete(subscription);
    subscription.feed.close();
  }

  async #execute(request: ChannelCommand): Promise<void> {
    try {
      const call = channelCall(request);
      if (call === undefined) {
        const way = didYouMean(request.name, channelCommandNames);
        return this.#outbox.say(commandError(request.id, unknownCommand(request.name, way)));
      }
      const { body } = await this.#ports.control.execute(call.command, call.args, this.#caller);
      return this.#outbox.say(commandSuccess(request.id, call.result(body)));
    } catch (error) {
      if (!(error instanceof GafferError) || error.code === "internal") this.#ports.onError(error);
      return this.#outbox.say(commandError(request.id, commandFault(error, request)));
    }
  }

  #next(): string | undefined {
    for (const subscription of this.#awake) {
      const message = this.#nextOf(subscription);
      // Those that have much to say take turns.
      this.#awake.delete(subscription);
      if (message === undefined) continue;
      if (this.#subscriptions.get(subscription.topic) === subscription) this.#awake.add(subscription);
      return message;
    }
    return undefined;
  }

  #nextOf(subscription: Subscription): string | undefined {
    const { feed, topic } = subscription;
    const { permission, target } = feed.access;
    if (!this.#caller.may(permission, target)) {
      this.#drop(subscription);
      const error = new GafferError(
        "forbidden",
        `Cannot go on with ${JSON.stringify(topic)}: the permission was taken back`,
      );
      return subscriptionError(topic, subscriptionFault(error, topic));
    }
    const message = feed.next();
    if (feed.isEnded) this.#drop(subscription);
    return message;
  }

  drain(): void {
    this.#outbox.pump();
  }

  close(): void {
    this.#outbox.close();
    this.#stopWatching?.();
    this.#keyShown?.();
    for (const subscription of this.#subscriptions.values()) this.#drop(subscription);
  }
}
