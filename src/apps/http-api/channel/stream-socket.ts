import { type Caller, NOBODY } from "../../../base/caller.ts";
import { GafferError } from "../../../base/gaffer-error.ts";
import type { ProcessInfo } from "../../../manager/job-status.ts";
import type { Socket, SocketMessage, SocketSession } from "../../../server/socket.ts";
import { errorBody } from "../../../wire/error-body.ts";
import { send } from "../../control/process-commands.ts";
import type { ChannelPorts, ChannelVisitor } from "./channel-session.ts";
import { waitForKey } from "./key-wait.ts";
import { MessageForm } from "./message-form.ts";
import { Outbox } from "./outbox.ts";
import { OutputReader } from "./output-reader.ts";
import { onProcessEnd } from "./process-end.ts";
import { processTarget } from "./process-target.ts";
import { DONE, NO_KEY, REFUSED, REVOKED } from "./socket-codes.ts";

/** What is asked for by a path `/wstreams/ID?binary=`. */
export interface StreamSocketOptions extends ChannelVisitor {
  /** As it stands in the path. */
  readonly id: string;
  /** Kind of the messages that are sent. @defaultValue the kind the client uses */
  readonly binary: boolean | undefined;
}

const AUTH = "AUTH:";
const encoder = new TextEncoder();

/** The terminal of gaffer 0.4: each message goes to stdin, and what the first output says comes back. */
export class StreamSocket implements SocketSession {
  readonly #ports: Omit<ChannelPorts, "monitor">;
  readonly #options: StreamSocketOptions;
  readonly #form: MessageForm;
  readonly #outbox = new Outbox(() => this.#next());
  #caller: Caller;
  #stopWatching: (() => void) | undefined;
  #keyShown: (() => void) | undefined;
  #stopWaiting: (() => void) | undefined;
  #info: ProcessInfo | undefined;
  #reader: OutputReader | undefined;

  constructor(ports: Omit<ChannelPorts, "monitor">, options: StreamSocketOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#caller = options.caller;
    this.#form = new MessageForm(options.binary);
  }

  open(socket: Socket): void {
    this.#outbox.open(socket);
    if (this.#caller === NOBODY) this.#keyShown = waitForKey(this.#outbox, this.#ports.keyMs);
    else this.#serve(this.#caller);
  }

  #serve(caller: Caller): void {
    this.#keyShown?.();
    this.#stopWatching?.();
    this.#caller = caller;
    this.#stopWatching = caller.onRevoked?.(() => this.#outbox.cut(REVOKED));
    if (this.#info !== undefined) return;
    const { id } = this.#options;
    if (!/^\d{1,15}$/.test(id)) return this.#refuse("bad_value", 400, `"${id}" is not the number of a process`);
    try {
      this.#begin(this.#ports.manager.getProcess(Number(id)));
    } catch (error) {
      if (!(error instanceof GafferError)) throw error;
      this.#refuse(errorBody(error).error, error.status, error.message);
    }
  }

  #begin(info: ProcessInfo): void {
    const { manager, output } = this.#ports;
    const mayRead = this.#caller.may("read", info.name);
    if (!mayRead && !this.#caller.may("write", info.name)) {
      throw new GafferError("forbidden", `Cannot open process ${info.pid}: ${this.#caller.label} may not read it`);
    }
    this.#info = info;
    this.#stopWaiting = onProcessEnd(manager, info.pid, (reason) => this.#outbox.end([DONE, reason]));
    const origin = processTarget(info, undefined)?.output;
    if (mayRead && origin !== undefined) {
      this.#reader = new OutputReader(output, origin, (isUrgent) => this.#outbox.wake(isUrgent));
    }
  }

  message(data: SocketMessage): void | Promise<void> {
    if (this.#outbox.isEnding) return undefined;
    if (this.#caller === NOBODY) return this.#auth(data);
    this.#form.heard(data);
    return this.#write(typeof data === "string" ? encoder.encode(data) : data);
  }

  #auth(data: SocketMessage): void {
    const text = typeof data === "string" ? data : "";
    try {
      if (!text.startsWith(AUTH)) throw new GafferError("forbidden", "A key must be sent first: AUTH: and the key");
      this.#serve(this.#options.authenticate(text.slice(AUTH.length).trim()));
    } catch (error) {
      if (!(error instanceof GafferError)) throw error;
      this.#say("AUTH_REQUIRED", 403, error.message);
      this.#outbox.end(NO_KEY);
    }
  }

  async #write(data: Uint8Array): Promise<void> {
    const pid = this.#info?.pid;
    if (this.#info?.redirectInput === false) {
      return this.#refuse("forbidden_write", 403, `The input of process ${pid} is not redirected`);
    }
    try {
      await this.#ports.control.execute(send, { pid, data }, this.#caller);
    } catch (error) {
      if (!(error instanceof GafferError) || error.code === "internal") this.#ports.onError(error);
      const { error: word, errno, message } = errorBody(error);
      this.#refuse(word, errno, message);
    }
  }

  #say(error: string, errno: number, message: string): void {
    this.#outbox.say(JSON.stringify({ error, errno, message }));
  }

  #refuse(error: string, errno: number, message: string): void {
    this.#say(error, errno, message);
    this.#outbox.end(REFUSED);
  }

  #next(): SocketMessage | undefined {
    const piece = this.#reader?.next(this.#form.isText);
    if (piece === undefined) return undefined;
    if (!this.#caller.may("read", this.#info?.name)) {
      this.#reader?.close();
      this.#reader = undefined;
      this.#refuse("forbidden", 403, "The permission was taken back");
      return undefined;
    }
    if (piece instanceof Uint8Array) return this.#form.of(piece);
    return `\n--- gaffer: ${piece.missed} bytes were lost here: the reader was too slow ---\n`;
  }

  drain(): void {
    this.#outbox.pump();
  }

  close(): void {
    this.#outbox.close();
    this.#stopWatching?.();
    this.#keyShown?.();
    this.#stopWaiting?.();
    this.#reader?.close();
  }
}
