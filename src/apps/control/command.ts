import type { Static, TObject } from "@sinclair/typebox";
import type { Manager } from "../../manager/manager.ts";
import type { Report } from "../../manager/operation.ts";
import type { OutputHub } from "../../output/output-hub.ts";
import type { TreeUsage } from "../../wire/stats-body.ts";
import { checkArguments } from "./check-arguments.ts";

/** What commands work on. */
export interface ControlPorts {
  readonly manager: Manager;
  readonly output: OutputHub;
  /** Looks once at what processes use, by os pid; those that have gone are left out. */
  readonly stats: (osPids: readonly number[]) => Promise<ReadonlyMap<number, TreeUsage>>;
  /** Memory of the machine. */
  readonly totalMemoryBytes: number;
  /** Ends the daemon in order; everything is stopped. */
  readonly shutdown: () => void;
}

/** What a caller needs to be allowed to do: to anything at all, or to the job, session or process that is named. */
export type Permission = "none" | "all" | "read" | "write" | "manage";

/** What came of a command. */
export interface Outcome {
  readonly body: Readonly<Record<string, unknown>>;
  /** Resolves when everything it set off is over; absent = it is over already. */
  readonly done?: Promise<Report>;
}

/** One operation on a daemon: all that HTTP, websockets and command lines can ask for is one of these. */
export interface Command {
  /** As the websocket protocol names it. */
  readonly name: string;
  readonly permission: Permission;
  /** Its arguments, in the order of positional ones. */
  readonly args: TObject;
  /**
   * Checks the arguments, then carries it out.
   *
   * @throws {@link GafferError} `bad_request` if an argument is not what it must be; nothing has changed then.
   */
  run(ports: ControlPorts, args: unknown): Outcome | Promise<Outcome>;
}

/** A command whose arguments are typed by their schema. */
interface TypedCommand<Args extends TObject> extends Omit<Command, "args" | "run"> {
  readonly args: Args;
  run(ports: ControlPorts, args: Static<Args>): Outcome | Promise<Outcome>;
}

/** Makes a command that checks its arguments. */
export const defineCommand = <Args extends TObject>(command: TypedCommand<Args>): Command => ({
  ...command,
  run: (ports, args) => command.run(ports, checkArguments(command.args, args, command.name.replaceAll("_", " "))),
});
