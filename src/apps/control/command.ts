import type { Static, TObject, TSchema } from "@sinclair/typebox";
import type { Access } from "../../access/access.ts";
import { type Caller, type Permission, permit } from "../../base/caller.ts";
import type { Manager } from "../../manager/manager.ts";
import type { Report } from "../../manager/operation.ts";
import type { OutputHub } from "../../output/output-hub.ts";
import type { PluginBody } from "../../wire/plugin-body.ts";
import type { TreeUsage } from "../../wire/stats-body.ts";
import type { WebHooks } from "../webhooks/web-hooks.ts";
import { checkArguments } from "./check-arguments.ts";
import { targetOf } from "./command-target.ts";

/** What commands work on. */
export interface ControlPorts {
  readonly manager: Manager;
  readonly output: OutputHub;
  /** Looks once at what processes use, by os pid; those that have gone are left out. */
  readonly stats: (osPids: readonly number[]) => Promise<ReadonlyMap<number, TreeUsage>>;
  readonly webhooks: WebHooks;
  /** Undefined where no endpoint asks for a key. */
  readonly access: Access | undefined;
  /** Memory of the machine. */
  readonly totalMemoryBytes: number;
  /** The plugins, and how they stand. */
  readonly plugins: () => readonly PluginBody[];
  /** Ends the daemon in order; everything is stopped. */
  readonly shutdown: () => void;
}

/** What a command that is carried out has: the daemon, and who asked. */
export interface CommandPorts extends ControlPorts {
  readonly caller: Caller;
}

/** What came of a command. */
export interface Outcome {
  readonly body: Readonly<Record<string, unknown>>;
  /** Resolves when everything it set off is over; absent = it is over already. */
  readonly done?: Promise<Report>;
}

/** What is known of a command besides how it is carried out. */
interface CommandFacts<Args extends TObject> {
  /** As the websocket protocol names it. */
  readonly name: string;
  /** What it does: one sentence without a period, for the API's document. */
  readonly summary: string;
  /** What a caller needs to be allowed, of what the arguments name; `none` = nothing, `own` = the command itself looks whose it is. */
  readonly permission: Permission | "none" | "own";
  /** Its arguments, in the order of positional ones. */
  readonly args: Args;
  /** What its answer holds. */
  readonly result: TSchema;
  /** It sets off what ends later, and may be waited for. @defaultValue false */
  readonly hasEnd?: boolean;
}

/** One operation on a daemon: all that HTTP, websockets and command lines can ask for is one of these. */
export interface Command extends CommandFacts<TObject> {
  /**
   * Checks the arguments and whether the caller may, then carries it out.
   *
   * @throws {@link GafferError} `bad_request` if an argument is not what it must be, `forbidden`; nothing has changed then.
   */
  readonly run: (ports: CommandPorts, args: unknown) => Outcome | Promise<Outcome>;
}

/** A command whose arguments are typed by their schema. */
interface TypedCommand<Args extends TObject> extends CommandFacts<Args> {
  /**
   * What the caller needs the permission for: `session` or `session.job`, undefined = everything. @defaultValue what `name`, `session` or
   * `pid` of the arguments names
   */
  readonly target?: (args: Static<Args>, manager: Manager) => string | undefined;
  readonly run: (ports: CommandPorts, args: Static<Args>) => Outcome | Promise<Outcome>;
}

/** Makes a command that checks its arguments and its caller. */
export const defineCommand = <Args extends TObject>({
  target = targetOf,
  ...command
}: TypedCommand<Args>): Command => ({
  ...command,
  run: (ports, args) => {
    const what = command.name.replaceAll("_", " ");
    const checked = checkArguments(command.args, args, what);
    const { permission } = command;
    if (permission !== "none" && permission !== "own") {
      permit(ports.caller, { permission, target: target(checked, ports.manager), what });
    }
    return command.run(ports, checked);
  },
});
