import { type Caller, NOBODY } from "../../../base/caller.ts";
import { GafferError } from "../../../base/gaffer-error.ts";
import type { ProcessInfo } from "../../../manager/job-status.ts";
import type { Socket, SocketMessage, SocketSession } from "../../../server/socket.ts";
import { errorBody } from "../../../wire/error-body.ts";
import {
  decodeIoFrame,
  encodeIoFrame,
  FRAME_ERROR,
  FRAME_GAP,
  FRAME_MESSAGE,
  FRAME_RESPONSE,
  type IoFrame,
  textOf,
} from "../../../wire/io-frame.ts";
import { send } from "../../control/process-commands.ts";
import type { ChannelPorts, ChannelVisitor } from "./channel-session.ts";
import { waitForKey } from "./key-wait.ts";
import { MessageForm } from "./message-form.ts";
import { Outbox } from "./outbox.ts";
import { OutputReader } from "./output-reader.ts";
import { onProcessEnd } from "./process-end.ts";
import { type ProcessTarget, processTarget } from "./process-target.ts";
import { DONE, NO_KEY, REFUSED, REVOKED } from "./socket-codes.ts";

/** What is asked for by a path `/ID/channel[/STREAM]?mode=&binary=`. */
export interface ProcessChannelOptions extends ChannelVisitor {
  readonly pid: number;
  /** Label of an output, or a custom stream. @defaultValue the first output, and stdin */
  readonly stream: string | undefined;
  readonly isReading: boolean;
  readonly isWriting: boolean;
  /** Kind of the frames that are sent. @defaultValue the kind the client uses */
  readonly binary: boolean | undefined;
}

/** Id of an error that answers no message. */
const UNASKED = "gaffer_error";
const AUTH = "AUTH:";
const encoder = new TextEncoder();

/** Words of gaffer 0.5 for what can't be done, with their status. */
const faults = { FORBIDDEN: 403, EPERM: 403, ENOENT: 404, EIO: 500, AUTH_REQUIRED: 403, EBADMSG: 400 } as const;
type Fault = keyof typeof faults;

/**
 * The frames of `/ID/channel`: what a process says, and what is written to it.
 *
 * @see gaffer 0.5 `gaffer/gafferd/http_handlers/pid.py`
 */
export class ProcessChannel implements SocketSession {
  readonly #ports: Omit<ChannelPorts, "monitor">;
  readonly #options: ProcessChannelOptions;
  readonly #form: MessageForm;
  readonly #outbox = new Outbox(() => this.#next());
  #caller: Caller;
  #stopWatching: (() => void) | undefined;
  #keyShown: (() => void) | undefined;
  #stopWaiting: (() => void) | undefined;
  #info: ProcessInfo | undefined;
  #target: ProcessTarget | undefined;
  #reader: OutputReader | undefined;

  constructor(ports: Omit<ChannelPorts, "monitor">, options: ProcessChannelOptions) {
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

  /** Begins to read, or says why it can't. */
  #serve(caller: Caller): void {
    this.#keyShown?.();
    this.#stopWatching?.();
    this.#caller = caller;
    this.#stopWatching = caller.onRevoked?.(() => this.#outbox.cut(REVOKED));
    if (this.#info !== undefined) return;
    const { pid, stream, isReading } = this.#options;
    try {
      this.#info = this.#ports.manager.getProcess(pid);
    } catch (error) {
      return this.#refuse("ENOENT", errorBody(error).message);
    }
    const target = processTarget(this.#info, stream);
    if (target === undefined) return this.#refuse("ENOENT", `Process ${pid} has no stream "${stream}"`);
    const fault = this.#faultOf(target, this.#info.name);
    if (fault !== undefined) return this.#refuse(...fault);
    this.#target = target;
    this.#stopWaiting = onProcessEnd(this.#ports.manager, pid, (reason) => this.#outbox.end([DONE, reason]));
    if (!isReading || target.output === undefined) return;
    this.#reader = new OutputReader(this.#ports.output, target.output, (isUrgent) => this.#outbox.wake(isUrgent));
  }

  #faultOf(target: ProcessTarget, job: string): readonly [Fault, string] | undefined {
    const { pid, isReading, isWriting } = this.#options;
    const may = (permission: "read" | "write"): boolean => this.#caller.may(permission, job);
    if ((isReading && !may("read")) || (isWriting && !may("write"))) {
      return ["FORBIDDEN", `${this.#caller.label} may not ${isReading && !may("read") ? "read" : "write to"} "${job}"`];
    }
    if (isReading && target.output === undefined) return ["EPERM", `The output of process ${pid} is not redirected`];
    if (isWriting && !target.isWritable) return ["EPERM", `The input of process ${pid} is not redirected`];
    return undefined;
  }

  message(data: SocketMessage): void | Promise<void> {
    if (this.#outbox.isEnding) return undefined;
    this.#form.heard(data);
    // The client of gaffer 0.5 sends its key bare; its documents put it into a frame.
    if (typeof data === "string" && data.startsWith(AUTH)) return this.#auth(data, undefined);
    const frame = decodeIoFrame(data);
    if (this.#caller === NOBODY) return this.#auth(frame === undefined ? "" : (textOf(frame.body) ?? ""), frame?.id);
    if (frame?.type !== FRAME_MESSAGE) return this.#say("EBADMSG", "It is no frame V1 message <id>", frame?.id);
    if (!this.#options.isWriting) return this.#say("EPERM", "The channel was opened for reading only", frame.id);
    return this.#write(frame);
  }

  #auth(text: string, id: string | undefined): void {
    try {
      if (!text.startsWith(AUTH)) throw new GafferError("forbidden", "A key must be sent first: AUTH: and the key");
      this.#serve(this.#options.authenticate(text.slice(AUTH.length).trim()));
    } catch (error) {
      if (!(error instanceof GafferError)) throw error;
      this.#say("AUTH_REQUIRED", error.message, id);
      return this.#outbox.end(NO_KEY);
    }
    if (id !== undefined && !this.#outbox.isEnding)
      this.#frame({ type: FRAME_RESPONSE, id, body: encoder.encode("OK") });
  }

  async #write({ id, body }: IoFrame): Promise<void> {
    const { pid } = this.#options;
    const stream = this.#target?.stream;
    try {
      const args = { pid, data: body, ...(stream === undefined ? {} : { stream }) };
      await this.#ports.control.execute(send, args, this.#caller);
      this.#frame({ type: FRAME_RESPONSE, id, body: encoder.encode("OK") });
    } catch (error) {
      if (!(error instanceof GafferError) || error.code === "internal") this.#ports.onError(error);
      const { message, errno } = errorBody(error);
      this.#say(errno === 403 ? "FORBIDDEN" : errno === 404 ? "ENOENT" : "EIO", message, id);
    }
  }

  #frame(frame: IoFrame): void {
    this.#outbox.say(this.#form.of(encodeIoFrame(frame)));
  }

  #say(error: Fault, message: string, id: string = UNASKED): void {
    const body = encoder.encode(JSON.stringify({ error, errno: faults[error], message }));
    this.#frame({ type: FRAME_ERROR, id, body });
  }

  #refuse(error: Fault, message: string): void {
    this.#say(error, message);
    this.#outbox.end(REFUSED);
  }

  #next(): SocketMessage | undefined {
    const piece = this.#reader?.next(this.#form.isText);
    if (piece === undefined) return undefined;
    if (!this.#caller.may("read", this.#info?.name)) {
      this.#reader?.close();
      this.#reader = undefined;
      this.#refuse("FORBIDDEN", "The permission was taken back");
      return undefined;
    }
    const id = crypto.randomUUID().replaceAll("-", "");
    if (piece instanceof Uint8Array) return this.#form.of(encodeIoFrame({ type: FRAME_MESSAGE, id, body: piece }));
    const gap = { error: "GAP", missed: piece.missed, message: "The reader was too slow" };
    return this.#form.of(encodeIoFrame({ type: FRAME_GAP, id, body: encoder.encode(JSON.stringify(gap)) }));
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
