import { closeSync, writeSync } from "node:fs";
import { GafferError } from "../base/gaffer-error.ts";
import { say } from "../cli/stdout.ts";
import { ownCommand } from "../host/own-command.ts";
import { makePipe } from "../host/pipe.ts";

/** Names the descriptor on which a program in the background tells that it answers. */
const READY_FD = "GAFFER_READY_FD";
/** Nothing that is said to a user holds a NUL. */
const READY = "\0ready\n";
/** Descriptor of the pipe in the new program. */
const CHILD_FD = 3;

/**
 * Runs this program again in the background: a session of its own, no terminal, nothing of ours open. What it says on stderr before it
 * answers is said here.
 *
 * @param args - sub-command and arguments.
 * @returns the exit code: 0 once it answers, its own if it ended before that.
 */
export async function runInBackground(args: readonly string[], cwd: string): Promise<number> {
  const { readEnd, writeEnd } = makePipe();
  const child = Bun.spawn([...ownCommand(), ...args], {
    cwd,
    stdio: ["ignore", "ignore", writeEnd, writeEnd],
    detached: true,
    env: { ...process.env, [READY_FD]: String(CHILD_FD), BUN_GC_TIMER_DISABLE: "1" },
  });
  closeSync(writeEnd);
  const told = await readUntil(readEnd, READY);
  say(told.replace(READY, ""));
  if (told.endsWith(READY)) {
    child.unref();
    return 0;
  }
  const code = await child.exited;
  if (told === "") throw new GafferError("internal", `Cannot run in the background: it ended with code ${code}`);
  return code;
}

/** Whether this program was started by {@link runInBackground}. */
export const isInBackground = (env: Readonly<Record<string, string | undefined>>): boolean =>
  env[READY_FD] !== undefined;

async function readUntil(fd: number, last: string): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of Bun.file(fd).stream()) {
    text += decoder.decode(chunk, { stream: true });
    if (text.endsWith(last)) break;
  }
  return text;
}

/** Tells whoever started us in the background that we answer; without one, nothing happens. */
export function tellReady(): void {
  const fd = Number(process.env[READY_FD]);
  if (!Number.isInteger(fd) || fd < CHILD_FD) return;
  delete process.env[READY_FD];
  try {
    writeSync(fd, READY);
    closeSync(fd);
  } catch (error) {
    // Whoever asked has gone; that does not keep us from running.
    if (!(error instanceof Error && "code" in error)) throw error;
  }
}
