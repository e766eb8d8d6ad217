import { parseFormation } from "../config/formation.ts";
import { chooseBase, planPorts } from "../config/port-plan.ts";
import { blockSize, planBlocks } from "../config/port-blocks.ts";
import type { JobObject } from "../remote/load-job.ts";
import type { JobBody } from "../wire/job-body.ts";
import type { Application } from "./application-flags.ts";

/** What the user asked of `gaffer load` or `gaffer reload`. */
export interface LoadChoice {
  readonly session: string;
  /** What each `-c` was given. */
  readonly concurrency: readonly string[];
  /** `-p`. */
  readonly port: number | undefined;
  /** Whether jobs that are not loaded yet start. */
  readonly start: boolean;
}

/** What {@link planLoad} asks of the world. */
export interface LoadFacts {
  /** PORT of the user's environment. */
  readonly userPort: string | undefined;
  /** Every job of the daemon. */
  readonly loaded: readonly JobBody[];
  /** Whether something listens on a port. */
  readonly isListening: (port: number) => boolean;
}

const numberOf = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);

/** What is loaded of the session already, by the names of its jobs without session. */
function present({ session }: LoadChoice, { loaded }: LoadFacts): Map<string, JobBody> {
  const prefix = `${session}.`;
  const ours = loaded.filter(({ name }) => name.startsWith(prefix));
  return new Map(ours.map((job) => [job.name.slice(prefix.length), job]));
}

/** One field of what is loaded, where it is a number. */
function numbersOf(jobs: ReadonlyMap<string, JobBody>, field: string): Map<string, number> {
  return new Map(
    [...jobs].flatMap(([name, { config }]) => {
      const value = numberOf(config[field]);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

/** PORT of the first process of each job. */
function portsFor(application: Application, choice: LoadChoice, facts: LoadFacts & { formation: Map<string, number> }) {
  const { formation, loaded } = facts;
  const base = chooseBase(choice.port, application.settings.env["PORT"], facts.userPort);
  if (base !== undefined) {
    const { portOf } = planPorts({ formation, base, isTaken: () => false });
    return new Map([...formation.keys()].map((name) => [name, portOf(name, 1)]));
  }
  const others = loaded.flatMap(({ name, config, max_processes: processes }) => {
    const first = numberOf(config["port"]);
    const isOther = !name.startsWith(`${choice.session}.`);
    return first === undefined || !isOther ? [] : [{ first, last: first + blockSize(processes) - 1 }];
  });
  const isOthers = (port: number): boolean => others.some(({ first, last }) => port >= first && port <= last);
  return planBlocks({
    formation,
    held: numbersOf(present(choice, facts), "port"),
    isTaken: (port) => isOthers(port) || facts.isListening(port),
  });
}

/**
 * Makes the jobs of a Procfile what a daemon takes. What is loaded already keeps its ports, its number of processes and
 * whether it starts, unless the user says otherwise: only what the files changed is a change.
 *
 * @throws {@link GafferError} `usage` if a count or a PORT is impossible, `port_busy` if no ports are free.
 */
export function planLoad(application: Application, choice: LoadChoice, facts: LoadFacts): JobObject[] {
  const { procfile, settings } = application;
  const names = procfile.names();
  const known = present(choice, facts);
  const formation = parseFormation(choice.concurrency, names, numbersOf(known, "numprocesses"));
  const ports = portsFor(application, choice, { ...facts, formation });
  // Every process has a PORT of its own.
  const { PORT: _, ...env } = settings.env;
  return names.map((name) => {
    const { cmd, args, shell, numprocesses } = procfile.asDict(name, formation);
    return {
      name,
      cmd,
      args,
      shell,
      numprocesses,
      port: ports.get(name),
      env,
      ...(settings.uid === undefined ? {} : { uid: settings.uid }),
      ...(settings.gid === undefined ? {} : { gid: settings.gid }),
      cwd: procfile.root,
      redirect_output: ["stdout", "stderr"],
      redirect_input: settings.redirectInput.has(name),
      start: known.get(name)?.config["start"] !== false && (known.has(name) || choice.start),
    };
  });
}
