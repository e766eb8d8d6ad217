import { randomBytes } from "node:crypto";

/** The variable that marks every process of a tree, unless it cleared its environment. */
export const TOKEN_VARIABLE = "GAFFER_TOKEN";

const pattern = new RegExp(`(?:^|\\0)${TOKEN_VARIABLE}=([^\\0]*)`);

/** A mark that nobody can guess. @param prefix - what all of one gaffer have in common */
export function makeToken(prefix = ""): string {
  return prefix + randomBytes(16).toString("hex");
}

/** The mark in an environment, as `/proc/PID/environ` shows it. */
export function tokenOf(environ: string): string | undefined {
  return pattern.exec(environ)?.[1];
}
