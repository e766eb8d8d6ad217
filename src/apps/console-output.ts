import type { LineHandler } from "../output/line-splitter.ts";
import { eachLine, LineSplitter } from "../output/line-splitter.ts";
import type { LineWriter } from "../output/line-writer.ts";
import type { OutputSink } from "../output/open-output.ts";
import type { Follower, OutputHub } from "../output/output-hub.ts";
import type { OutputSource } from "../output/output-source.ts";
import { CONSOLE_ACTIONS, type ConsoleManagerEvent, describeEvent } from "./console-event.ts";
import { ConsolePrefixes, displayName } from "./console-prefix.ts";
import { LineBatch } from "./line-batch.ts";
import { LinePrefix } from "./line-prefix.ts";
import { TerminalLines } from "./terminal-lines.ts";

/** Called with the topic that matched, and the event. */
export type ConsoleListener = (topic: string, event: ConsoleManagerEvent) => void;

/** Of the manager, what the console needs. */
export interface ConsoleManager {
  readonly events: {
    subscribe(pattern: string, listener: ConsoleListener): void;
    unsubscribe(pattern: string, listener: ConsoleListener): void;
  };
}

/** Settings of {@link ConsoleOutput}. */
export interface ConsoleOutputOptions {
  /** Where output is followed. */
  readonly hub: OutputHub;
  /** Where lines go. */
  readonly writer: LineWriter;
  /** Colour the prefix. @defaultValue `true` */
  readonly colorize?: boolean;
  /** Show what children say, not only what becomes of them. @defaultValue `true` */
  readonly outputStreams?: boolean;
  /** Kinds of events shown. @defaultValue {@link CONSOLE_ACTIONS} */
  readonly actions?: readonly string[];
  /** One JSON object a line instead of prefixed text. @defaultValue `false` */
  readonly json?: boolean;
  /** Names known beforehand (`web.1`), for the width of the prefix and the order of colours. */
  readonly names?: readonly string[];
  /** Milliseconds since 1970. @defaultValue `Date.now` */
  readonly now?: () => number;
}

const EVERYTHING = ".";
const noPrefix = new LinePrefix("");

/**
 * The application that shows on a console what children say and what becomes of them: whole lines, each with the time
 * and the name of its process before it, or as JSON.
 */
export class ConsoleOutput {
  readonly #options: ConsoleOutputOptions;
  readonly #actions: ReadonlySet<string>;
  readonly #prefixes: ConsolePrefixes;
  readonly #batch: LineBatch;
  readonly #unfinished = new Set<LineSplitter | TerminalLines>();
  readonly #hear: ConsoleListener = (_topic, event) => this.#showEvent(event);
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  readonly #now: () => number;
  #manager: ConsoleManager | undefined;
  #follower: Follower | undefined;

  constructor(options: ConsoleOutputOptions) {
    this.#options = options;
    this.#actions = new Set(options.actions ?? CONSOLE_ACTIONS);
    this.#prefixes = new ConsolePrefixes({ colorize: options.colorize ?? true, names: options.names ?? [] });
    this.#batch = new LineBatch(options.writer);
    this.#now = options.now ?? Date.now;
  }

  /** Shows what comes from now on. */
  start(manager: ConsoleManager): void {
    this.stop();
    this.#manager = manager;
    manager.events.subscribe(EVERYTHING, this.#hear);
    if (this.#options.outputStreams === false) return;
    const { hub } = this.#options;
    this.#follower = hub.follow(
      () => true,
      (source) => this.#sinkOf(source),
    );
  }

  /** Shows what is unfinished, and then nothing more. */
  stop(): void {
    this.#follower?.close();
    this.#follower = undefined;
    this.#manager?.events.unsubscribe(EVERYTHING, this.#hear);
    for (const lines of this.#unfinished) lines.end();
    this.#unfinished.clear();
    this.#batch.flush();
  }

  restart(): void {
    if (this.#manager !== undefined) this.start(this.#manager);
  }

  #sinkOf(source: OutputSource): OutputSink {
    const handler = this.#options.json === true ? this.#jsonHandler(source) : this.#textHandler(source);
    const lines = source.terminal ? new TerminalLines(handler, this.#now) : new LineSplitter(handler);
    this.#unfinished.add(lines);
    return {
      write: (bytes) => lines.write(bytes),
      gap: (lostBytes) => lines.gap(lostBytes),
      end: () => {
        lines.end();
        this.#unfinished.delete(lines);
      },
    };
  }

  #textHandler({ job, slot }: OutputSource): LineHandler {
    const name = displayName(job, slot);
    return {
      lines: (block) => this.#batch.add(this.#prefixes.of(name, this.#now()), block),
      cut: (lostBytes) => this.#say(name, `… ${lostBytes} bytes lost here`, this.#now()),
    };
  }

  #jsonHandler({ job, slot, stream }: OutputSource): LineHandler {
    return {
      lines: (block) => {
        const time = this.#now();
        eachLine(block, (line) => this.#json({ time, name: job, slot, stream, text: this.#decoder.decode(line) }));
      },
      cut: (lostBytes) =>
        this.#json({ time: this.#now(), event: "gap", name: job, slot, stream, lost_bytes: lostBytes }),
    };
  }

  #showEvent(event: ConsoleManagerEvent): void {
    if (!this.#actions.has(event.event)) return;
    if (this.#options.json === true) return this.#json(event);
    const name = event.slot === undefined ? jobOf(event.name) : displayName(event.name, event.slot);
    return this.#say(name, describeEvent(event), event.time);
  }

  #say(name: string, words: string, timeMs: number): void {
    // Words may come from elsewhere (an error's message): one event stays one line.
    this.#batch.add(this.#prefixes.of(name, timeMs), Buffer.from(`${words.replaceAll(/\s*\n\s*/g, " ")}\n`));
  }

  #json(record: object): void {
    this.#batch.add(noPrefix, Buffer.from(`${JSON.stringify(record)}\n`));
  }
}

function jobOf(name: string): string {
  return name.slice(name.indexOf(".") + 1);
}
