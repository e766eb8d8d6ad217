import type { DaemonClient } from "../client/daemon-client.ts";
import type { Command } from "../cli/command.ts";
import { type ConnectedCall, connectedCommand } from "../cli/connected-command.ts";
import type { CommandSpec, FlagSpecs } from "../cli/flag-spec.ts";
import { findDaemon } from "../remote/find-daemon.ts";

/** A command that was given to `gaffer ctl`, and the daemon it is for. */
export type CtlCall<F extends FlagSpecs> = ConnectedCall<F, DaemonClient>;

/** A command of `gaffer ctl`. @param run - carries it out; gives the exit code */
export const ctlCommand = <F extends FlagSpecs>(
  spec: CommandSpec<F>,
  run: (call: CtlCall<F>) => Promise<number>,
): Command => connectedCommand({ ...spec, name: `ctl ${spec.name}` }, findDaemon, run);
