import type { DaemonClient } from "../client/daemon-client.ts";
import type { Command } from "../cli/command.ts";
import { type ConnectedCall, connectedCommand } from "../cli/connected-command.ts";
import type { CommandSpec, FlagSpecs } from "../cli/flag-spec.ts";
import { findDaemon } from "../remote/find-daemon.ts";
import { applicationFlags } from "./application-flags.ts";

/** A command about an application in a daemon. */
export type DaemonCall<F extends FlagSpecs> = ConnectedCall<F & typeof applicationFlags, DaemonClient>;

/** A command about an application in a daemon. @param run - carries it out; gives the exit code */
export const daemonCall = <F extends FlagSpecs>(
  spec: CommandSpec<F>,
  run: (call: DaemonCall<F>) => Promise<number>,
): Command => connectedCommand({ ...spec, flags: { ...spec.flags, ...applicationFlags } }, findDaemon, run);
