import { LinePrefix } from "./line-prefix.ts";

/** Foreground colours in the order jobs get them: cyan, yellow, green, magenta, red, blue, then the bright ones. @see ECMA-48 SGR */
const COLOURS = [36, 33, 32, 35, 31, 34, 96, 93, 92, 95, 91, 94] as const;
/** Back to the terminal's own foreground, and nothing else: what a child set besides stays as it is. */
const DEFAULT_FOREGROUND = "\u001b[39m";

/** Settings of {@link ConsolePrefixes}. */
export interface ConsolePrefixOptions {
  readonly colorize: boolean;
  /** Names known beforehand, `web.1`: the column is as wide as the longest, and jobs are coloured in this order. */
  readonly names: readonly string[];
}

/** What stands before a line: `HH:MM:SS name.N |`, in the colour of the job. */
export class ConsolePrefixes {
  readonly #colorize: boolean;
  readonly #colours = new Map<string, number>();
  readonly #known = new Map<string, LinePrefix>();
  #width = 0;
  #second = Number.NaN;
  #clock = "";

  constructor({ colorize, names }: ConsolePrefixOptions) {
    this.#colorize = colorize;
    for (const name of names) this.#learn(name);
  }

  /**
   * The prefix of a line of `name` at `timeMs`. Made once a second and name.
   *
   * @param name - job without session, dot, slot.
   */
  of(name: string, timeMs: number): LinePrefix {
    const second = Math.floor(timeMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#clock = clockText(timeMs);
      this.#known.clear();
    }
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    this.#learn(name);
    const text = `${this.#clock} ${name.padEnd(this.#width)} |`;
    const coloured = this.#colorize ? `\u001b[${this.#colourOf(name)}m${text}${DEFAULT_FOREGROUND} ` : `${text} `;
    const prefix = new LinePrefix(coloured);
    this.#known.set(name, prefix);
    return prefix;
  }

  #learn(name: string): void {
    this.#colourOf(name);
    if (name.length <= this.#width) return;
    this.#width = name.length;
    this.#known.clear();
  }

  /** All processes of a job share its colour. */
  #colourOf(name: string): number {
    const dot = name.lastIndexOf(".");
    const job = dot === -1 ? name : name.slice(0, dot);
    const known = this.#colours.get(job);
    if (known !== undefined) return known;
    const colour = COLOURS[this.#colours.size % COLOURS.length] ?? COLOURS[0];
    this.#colours.set(job, colour);
    return colour;
  }
}

/** `HH:MM:SS` of local time. */
function clockText(timeMs: number): string {
  const time = new Date(timeMs);
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}

/** `web.1` for job `default.web`, slot 1. */
export function displayName(job: string, slot: number): string {
  return `${job.slice(job.indexOf(".") + 1)}.${slot}`;
}
