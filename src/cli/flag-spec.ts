/** What a flag takes. `count` takes nothing and counts how often it is given; `integer` is 0 or more; `seconds` allows fractions; `port` is 1 to 65535. */
export type FlagType = "boolean" | "count" | "string" | "integer" | "seconds" | "port";

/** One flag of a command. */
export interface FlagSpec {
  readonly type: FlagType;
  /** One letter. */
  readonly short?: string;
  /** One line for the help. */
  readonly description: string;
  /** What stands for the value in the help, such as `FILE`. */
  readonly value?: string;
  /** May be given several times; every value counts. Otherwise the last one does. */
  readonly repeatable?: boolean;
  /** Value of a boolean that is not given; one that is true is shown as `--no-…`. @defaultValue `false` */
  readonly default?: boolean;
}

/** Flags of a command by their long names. */
export type FlagSpecs = Readonly<Record<string, FlagSpec>>;

/** What a command takes, for the parser and for the help. */
export interface CommandSpec<F extends FlagSpecs = FlagSpecs> {
  readonly name: string;
  /** One sentence that says what it does. */
  readonly summary: string;
  /** Command lines worth copying; the help opens with them. */
  readonly examples: readonly string[];
  /** What stands without a flag, such as `[JOB…]`; undefined = nothing may. */
  readonly positionals?: { readonly name: string; readonly description: string; readonly most?: number };
  readonly flags: F;
}

type FlagValue<S extends FlagSpec> = S["type"] extends "boolean"
  ? boolean
  : S["type"] extends "count"
    ? number
    : S["repeatable"] extends true
      ? readonly string[]
      : (S["type"] extends "string" ? string : number) | undefined;

/** The value of every flag, given or not. */
export type FlagValues<F extends FlagSpecs> = { readonly [Name in keyof F]: FlagValue<F[Name]> } & {
  readonly color: boolean;
  readonly help: boolean;
};

/** Flags that every command takes. */
export const globalFlags: FlagSpecs = {
  color: { type: "boolean", default: true, description: "Write without colour, as NO_COLOR does" },
  help: { type: "boolean", short: "h", description: "Show this help" },
};
