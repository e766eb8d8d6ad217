import { split } from "shlex";
import { GafferError } from "../base/gaffer-error.ts";
import type { JobConfig } from "./job-config.ts";

/** The words of a job's command before `$NAME` is put in. A shell job is one command line and its arguments. */
export function commandWords({ name, cmd, args, shell }: JobConfig): readonly string[] {
  // "$@" hands the arguments to the command itself; without any, the line stays as it was written.
  if (shell) return args.length === 0 ? ["sh", "-c", cmd] : ["sh", "-c", `${cmd} "$@"`, "sh", ...args];
  try {
    return [...split(cmd), ...args];
  } catch (error) {
    throw new GafferError(
      "job_invalid",
      `Cannot load job "${name}": cmd ${JSON.stringify(cmd)}: a quote is not closed`,
      {
        cause: error,
      },
    );
  }
}

const variable = /\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))/g;

/** The variables a text names as `$NAME` or `${NAME}`. */
export function namedVariables(text: string): string[] {
  return [...text.matchAll(variable)].flatMap(([, braced, bare]) => braced ?? bare ?? []);
}

/** Puts values in for `$NAME` and `${NAME}`, `$` for `$$`; any other `$` is literal, a name without value is empty. */
export function expand(text: string, env: Readonly<Record<string, string>>): string {
  return text.replaceAll(variable, (_, braced?: string, bare?: string) => {
    const name = braced ?? bare;
    return name === undefined ? "$" : (env[name] ?? "");
  });
}
