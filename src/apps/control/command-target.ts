import { fullName, isJobName, parseJobName } from "../../base/job-name.ts";
import type { Manager } from "../../manager/manager.ts";

/** What the arguments of a command name: the job of `name`, the session of `session`, the job of the process `pid`; undefined = everything. */
export function targetOf(
  args: Readonly<Record<string, unknown>>,
  manager: Pick<Manager, "getProcess">,
): string | undefined {
  const { name, session, pid } = args;
  // What can be no name is told by whoever looks for it.
  if (typeof name === "string") return isJobName(name) ? fullName(parseJobName(name)) : name;
  if (typeof session === "string") return session;
  return typeof pid === "number" ? manager.getProcess(pid).name : undefined;
}

/** The session of the job that the arguments name. */
export const sessionTarget = ({ name }: { readonly name: string }): string =>
  isJobName(name) ? parseJobName(name).session : name;
