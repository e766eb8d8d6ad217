import { type ChannelReply, readChannelReply } from "../../src/wire/channel-reply.ts";
import { TestWebSocket } from "./test-websocket.ts";
import { waitFor } from "./wait-for.ts";

/** A client of `/channel/websocket`. */
export class ChannelClient extends TestWebSocket {
  #lastId = 0;

  /** What a daemon said. */
  get replies(): ChannelReply[] {
    return this.texts.flatMap((text) => readChannelReply(text) ?? []);
  }

  say(message: unknown): void {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** Subscribes, and waits for the answer. */
  async subscribe(topic: string): Promise<ChannelReply> {
    const before = this.replies.length;
    this.say({ event: "SUB", data: { topic } });
    return await this.find(
      (one) => (one.kind === "subscribed" || one.kind === "refused") && one.topic === topic,
      before,
    );
  }

  /** Carries a command out, and waits for its answer. */
  async command(name: string, args: readonly unknown[] = [], kwargs: object = {}): Promise<ChannelReply> {
    const identity = `c${++this.#lastId}`;
    this.say({ event: "CMD", data: { identity, name, args, kwargs } });
    return await this.find((one) => (one.kind === "result" || one.kind === "failure") && one.id === identity);
  }

  /** Waits for an event of a topic. */
  async event(topic: string, kind: string): Promise<Readonly<Record<string, unknown>>> {
    const found = await this.find((one) => one.kind === "event" && one.topic === topic && one.data["event"] === kind);
    return found.kind === "event" ? found.data : {};
  }

  /** Kinds of the events of a topic so far. */
  kinds(topic: string): unknown[] {
    return this.replies.flatMap((one) => (one.kind === "event" && one.topic === topic ? [one.data["event"]] : []));
  }

  async find(isIt: (reply: ChannelReply) => boolean, from: number = 0): Promise<ChannelReply> {
    let found: ChannelReply | undefined;
    await waitFor(
      () => (found = this.replies.slice(from).find(isIt)) !== undefined,
      () => `a reply; there are ${JSON.stringify(this.texts.slice(-5))}, closed ${String(this.closed)}`,
    );
    if (found === undefined) throw new Error("unreachable");
    return found;
  }
}
