import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { GafferError } from "../base/gaffer-error.ts";
import { isLegalName, toLegalName } from "../base/job-name.ts";
import type { CliContext } from "../cli/command.ts";
import type { ApplicationChoice } from "./application-flags.ts";

/** The session that an application has in a daemon when nobody names one: its folder's name, made legal. */
export function ownSession(choice: ApplicationChoice, { cwd }: Pick<CliContext, "cwd">): string {
  const given = choice.directory ?? choice.root;
  const folder = given ?? (choice.procfile === undefined ? "." : dirname(choice.procfile));
  return toLegalName(basename(resolve(cwd, folder)));
}

/**
 * The session that a word names; `.` and no word at all are the project we are in.
 *
 * @throws {@link GafferError} `usage` if it can't be one, `procfile_missing` without a word outside of a project.
 */
export function chooseSession(
  word: string | undefined,
  choice: ApplicationChoice,
  context: Pick<CliContext, "cwd">,
): string {
  if (word !== undefined && word !== ".") {
    if (isLegalName(word)) return word;
    throw new GafferError(
      "usage",
      `Cannot use application ${JSON.stringify(word)}: a name is letters, digits, _ + -, and is not all digits`,
    );
  }
  const folder = resolve(context.cwd, choice.directory ?? choice.root ?? ".");
  const procfile = choice.procfile === undefined ? join(folder, "Procfile") : resolve(context.cwd, choice.procfile);
  if (existsSync(procfile)) return ownSession(choice, context);
  throw new GafferError(
    "procfile_missing",
    `Cannot tell which application is meant: there is no Procfile in ${folder}; name the application`,
  );
}
