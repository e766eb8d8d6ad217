import { GafferError } from "../base/gaffer-error.ts";
import { didYouMean } from "../base/nearest.ts";
import { readFlagValue } from "./flag-value.ts";
import { type CommandSpec, type FlagSpec, type FlagSpecs, type FlagValues, globalFlags } from "./flag-spec.ts";

/** A command line, taken apart. */
export interface ParsedFlags<F extends FlagSpecs> {
  readonly flags: FlagValues<F>;
  /** What is no flag, and whatever follows `--`. */
  readonly positionals: readonly string[];
}

/**
 * Takes the arguments of a command apart. Nothing is guessed: `--name value`, `--name=value`, `-n value`, `-nvalue`,
 * `-n=value`, `-ab` for two booleans, `--no-name` for a boolean; after `--` nothing is a flag.
 *
 * @throws {@link GafferError} `usage` if a flag is unknown (names the nearest), lacks its value, has one it does not take, or a
 * value of the wrong kind; or if there are more arguments than the command takes.
 */
export function parseFlags<F extends FlagSpecs>(spec: CommandSpec<F>, argv: readonly string[]): ParsedFlags<F> {
  const reader = new FlagReader({ ...spec.flags, ...globalFlags }, argv);
  const positionals = reader.read();
  const most = spec.positionals ? (spec.positionals.most ?? Infinity) : 0;
  if (positionals.length > most) {
    const extra = JSON.stringify(positionals[most]);
    const takes = most === 0 ? "no arguments" : `at most ${most}`;
    throw usage(`Cannot use argument ${extra}: ${spec.name} takes ${takes}; see "gaffer help ${spec.name}"`);
  }
  const flags = reader.values();
  if (!isComplete(flags, spec.flags)) throw new Error("a flag without a value");
  return { flags, positionals };
}

const usage = (message: string): GafferError => new GafferError("usage", message);

/** What a flag that is not given amounts to. */
const absent = (spec: FlagSpec): unknown =>
  spec.type === "boolean" ? (spec.default ?? false) : spec.type === "count" ? 0 : spec.repeatable ? [] : undefined;

/** Whether a flag stands alone, and several short ones may share a dash. */
const isSwitch = ({ type }: FlagSpec): boolean => type === "boolean" || type === "count";

/** What the reader promises: for every flag a value of its type. */
function isComplete<F extends FlagSpecs>(values: object, specs: F): values is FlagValues<F> {
  return Object.keys(specs).every((name) => Object.hasOwn(values, name));
}

/** `-1` takes one away: no flag of ours is a digit. */
const isNumber = (argument: string): boolean => /^-\d+$/.test(argument);

class FlagReader {
  readonly #specs: FlagSpecs;
  readonly #argv: readonly string[];
  readonly #values = new Map<string, unknown>();
  readonly #positionals: string[] = [];
  #next = 0;

  constructor(specs: FlagSpecs, argv: readonly string[]) {
    this.#specs = specs;
    this.#argv = argv;
  }

  read(): readonly string[] {
    while (this.#next < this.#argv.length) {
      const argument = this.#argv[this.#next++] ?? "";
      if (argument === "--") {
        this.#positionals.push(...this.#argv.slice(this.#next));
        break;
      }
      if (argument.startsWith("--")) this.#readLong(argument);
      else if (argument.startsWith("-") && argument.length > 1 && !isNumber(argument)) this.#readShort(argument);
      else this.#positionals.push(argument);
    }
    return this.#positionals;
  }

  values(): Readonly<Record<string, unknown>> {
    return Object.fromEntries(
      Object.entries(this.#specs).map(([name, spec]) => [name, this.#values.get(name) ?? absent(spec)]),
    );
  }

  #readLong(argument: string): void {
    const equals = argument.indexOf("=");
    const shown = equals === -1 ? argument : argument.slice(0, equals);
    const given = equals === -1 ? undefined : argument.slice(equals + 1);
    const name = shown.slice(2);
    const spec = this.#spec(name);
    if (spec) this.#set({ name, spec, shown }, given);
    else this.#readNegated(shown, given);
  }

  #readNegated(shown: string, given: string | undefined): void {
    const name = shown.startsWith("--no-") ? shown.slice("--no-".length) : "";
    if (this.#spec(name)?.type !== "boolean") throw this.#unknown(shown);
    if (given !== undefined) throw usage(`Cannot use ${shown}=${given}: ${shown} takes no value`);
    this.#values.set(name, false);
  }

  #readShort(argument: string): void {
    for (let at = 1; at < argument.length; at++) {
      const letter = argument.charAt(at);
      const shown = `-${letter}`;
      const [name, spec] = Object.entries(this.#specs).find(([, { short }]) => short === letter) ?? [];
      if (name === undefined || !spec) throw this.#unknown(shown);
      if (!isSwitch(spec)) {
        const attached = argument.slice(at + 1).replace(/^=/, "");
        this.#set({ name, spec, shown }, at + 1 < argument.length ? attached : undefined);
        return;
      }
      if (argument[at + 1] === "=") throw usage(`Cannot use ${argument}: ${shown} takes no value`);
      this.#set({ name, spec, shown }, undefined);
    }
  }

  #set(flag: { name: string; spec: FlagSpec; shown: string }, given: string | undefined): void {
    const { name, spec, shown } = flag;
    if (isSwitch(spec)) {
      if (given !== undefined) throw usage(`Cannot use ${shown}=${given}: ${shown} takes no value`);
      this.#values.set(name, spec.type === "boolean" ? true : Number(this.#values.get(name) ?? 0) + 1);
      return;
    }
    const value = readFlagValue(flag, given ?? this.#takeValue(flag));
    const earlier = this.#values.get(name);
    this.#values.set(name, spec.repeatable ? [...(Array.isArray(earlier) ? earlier : []), value] : value);
  }

  #takeValue({ spec, shown }: { spec: FlagSpec; shown: string }): string {
    const value = this.#argv[this.#next];
    const isFlag = value?.startsWith("-") && value.length > 1 && !/^-\d/.test(value);
    if (value === undefined || isFlag)
      throw usage(`Cannot use ${shown}: it needs a value, ${shown} ${spec.value ?? "VALUE"}`);
    this.#next++;
    return value;
  }

  #spec(name: string): FlagSpec | undefined {
    return Object.hasOwn(this.#specs, name) ? this.#specs[name] : undefined;
  }

  #unknown(shown: string): GafferError {
    const known = Object.entries(this.#specs).flatMap(([name, { short, type }]) => [
      `--${name}`,
      ...(type === "boolean" ? [`--no-${name}`] : []),
      ...(short === undefined ? [] : [`-${short}`]),
    ]);
    const near = shown.startsWith("--") ? didYouMean(shown, known) : "";
    return usage(`Cannot use ${shown}: there is no such flag${near}`);
  }
}
