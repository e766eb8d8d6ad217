import { existsSync, readlinkSync } from "node:fs";
import { GafferError } from "../base/gaffer-error.ts";
import type { HostProcess, ProcessHost, ProcessObserver, SpawnRequest } from "../manager/process-host.ts";
import type { SpawnJournal, SpawnRecord } from "../manager/spawn-journal.ts";
import type { ByteSink } from "../output/byte-sink.ts";
import { CgroupTree, killAtOnce, removeCgroup } from "./cgroup-tree.ts";
import { CgroupTrees } from "./cgroup-trees.ts";
import { ChildStreams } from "./child-streams.ts";
import { DetachedJobs, fingerprintOf } from "./detached-jobs.ts";
import { encodeSteps, hideFromRuntime, READY, type TrampolineFailure } from "./exec-trampoline.ts";
import { FoundTree } from "./found-tree.ts";
import { GroupTrees } from "./group-trees.ts";
import { InputPipe } from "./input-pipe.ts";
import { type LaunchPlan, launchError, planLaunch, withNofile } from "./launch-plan.ts";
import { libc } from "./libc.ts";
import { LocalProcess } from "./local-process.ts";
import { NofileGuard } from "./nofile-guard.ts";
import { OomNotices } from "./oom-notices.ts";
import { ownCommand } from "./own-command.ts";
import { procStat } from "./proc-stat.ts";
import type { ProcessTree, ProcessTrees } from "./process-tree.ts";
import type { Reactor } from "./reactor.ts";
import { TerminalChannel } from "./terminal-channel.ts";
import { canFindOrphans, SubreaperTrees } from "./subreaper-trees.ts";
import { makeToken } from "./tree-token.ts";
import { ZombieReaper } from "./zombie-reaper.ts";

/** How trees of processes are held. */
export type TreeKind = "cgroup" | "subreaper" | "group";

/** What a host on this machine works with. */
export interface LocalHostOptions {
  readonly reactor: Reactor;
  /** Where the bytes of an output go. */
  openOutput(request: SpawnRequest, label: string): ByteSink;
  /** Name of this gaffer among others of the machine. @defaultValue that of the journal, else its pid namespace and pid */
  readonly instance?: string;
  /** Where what runs is written down; what the last life left must be stopped before, see {@link stopLeftovers}. */
  readonly journal?: SpawnJournal | undefined;
  /** Detached processes of earlier lives, for the jobs that spawned them. @defaultValue none */
  readonly detached?: readonly SpawnRecord[];
  /** Told what hurts no process, such as a log file of a detached one that can't be opened. @defaultValue says nothing */
  readonly onTrouble?: (error: GafferError) => void;
  /** @defaultValue the best there is: control groups, else being the reaper of orphans, else process groups */
  readonly trees?: TreeKind | undefined;
}

/** Our pid, and the namespace it is one of: others of the machine may have the same pid. */
function ownInstance(): string {
  const namespace = /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "";
  return `${namespace}-${process.pid}`;
}

function openTrees({ trees, journal, instance = journal?.instance ?? ownInstance() }: LocalHostOptions): ProcessTrees {
  const c = libc();
  const spares = journal !== undefined;
  const cgroup = trees === undefined || trees === "cgroup" ? CgroupTrees.make(instance, { spares }) : undefined;
  if (cgroup !== undefined) {
    journal?.useFolder(cgroup.folder);
    return cgroup;
  }
  if (trees !== "group" && c !== undefined && canFindOrphans()) return new SubreaperTrees(c);
  return new GroupTrees();
}

/** A spawn under way: its request, whom to tell, and what was made for it. */
interface Launch {
  readonly request: SpawnRequest;
  readonly observer: ProcessObserver;
  readonly plan: LaunchPlan;
  readonly streams: ChildStreams;
  readonly tree: ProcessTree;
}

/** What is given for a process that could not be started: there is nothing to command. */
const nothing: HostProcess = {
  signal: () => undefined,
  signalLeader: () => undefined,
  destroy: () => undefined,
  abandonOutput: () => undefined,
  write: () => {
    throw new GafferError("input_closed", "Cannot write to a process that could not be started");
  },
  endInput: () => undefined,
  release: () => undefined,
};

/** The observer, and the journal before it: what follows an end must not be written down before the end is. */
function journaled(observer: ProcessObserver, gone: () => void): ProcessObserver {
  return {
    spawned: (osPid, ageMs) => observer.spawned(osPid, ageMs),
    spawnFailed: (error) => {
      gone();
      observer.spawnFailed(error);
    },
    exited: (status, survivors) => observer.exited(status, survivors),
    emptied: () => {
      gone();
      observer.emptied();
    },
    closed: () => observer.closed(),
  };
}

/** Where processes of an earlier life are held: in the control group they were born into, else by what marks them. */
function adoptTree(record: SpawnRecord): ProcessTree {
  const { folder } = record;
  if (folder === undefined || !existsSync(folder)) return new FoundTree(record);
  return new CgroupTree(folder, { atOnce: killAtOnce, discard: removeCgroup, lives: true });
}

/** How a process is stopped of which nothing is said. */
const defaultStop = { stopSignal: 15, gracefulTimeoutMs: 10_000 };

function toError(error: unknown, command: string): GafferError {
  if (error instanceof GafferError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  return launchError(command, code, error);
}

/** This machine's processes, by Bun's spawn. */
export class LocalHost implements ProcessHost, AsyncDisposable {
  readonly #options: LocalHostOptions;
  readonly #trees: ProcessTrees;
  readonly #nofile = NofileGuard.make();
  readonly #oom = new OomNotices();
  readonly #detached: DetachedJobs | undefined;

  constructor(options: LocalHostOptions) {
    this.#options = options;
    this.#trees = openTrees(options);
    const { journal, detached = [] } = options;
    if (journal !== undefined) {
      const launch = (request: SpawnRequest, observer: ProcessObserver): HostProcess => this.#launch(request, observer);
      this.#detached = new DetachedJobs({ journal, records: detached, adoptTree, launch });
    }
    const c = libc();
    // As PID 1 we are given every orphan, however trees are held.
    if (process.pid === 1 && c !== undefined) ZombieReaper.start(c);
  }

  spawn(request: SpawnRequest, observer: ProcessObserver): HostProcess {
    const { journal } = this.#options;
    const told = journal === undefined ? observer : journaled(observer, () => journal.gone(request.id));
    return this.#detached?.take(request, told) ?? this.#launch(request, told);
  }

  /** Stops detached processes of earlier lives that no request has claimed. @returns their labels, once they are gone */
  async stopUnclaimed(): Promise<string[]> {
    return (await this.#detached?.stopUnclaimed()) ?? [];
  }

  #launch(request: SpawnRequest, observer: ProcessObserver): HostProcess {
    const [command = ""] = request.argv;
    try {
      const plan = this.#plan(request);
      const streams = new ChildStreams(request, plan.trampoline);
      for (const error of streams.unopened) this.#options.onTrouble?.(error);
      return this.#open({ request, observer, plan, streams });
    } catch (error) {
      observer.spawnFailed(toError(error, command));
      return nothing;
    }
  }

  #plan(request: SpawnRequest): LaunchPlan {
    const plan = planLaunch(request);
    if (this.#nofile === undefined) return plan;
    return plan.trampoline || !this.#nofile.fits() ? withNofile(plan, this.#nofile.started) : plan;
  }

  #open(launch: Omit<Launch, "tree">): HostProcess {
    const { journal } = this.#options;
    const { request } = launch;
    const token = journal && makeToken(journal.tokenPrefix);
    let tree: ProcessTree | undefined;
    try {
      tree = this.#trees.open(request.id, token);
      if (token !== undefined) this.#intend(request, { token, folder: tree.spawn.cgroup });
      return this.#start({ ...launch, tree });
    } catch (error) {
      launch.streams.discard();
      tree?.discard();
      throw error;
    }
  }

  #intend(request: SpawnRequest, marks: { readonly token: string; readonly folder: string | undefined }): void {
    const { id, label, detach, stop = defaultStop } = request;
    const { journal } = this.#options;
    const fingerprint = detach ? fingerprintOf(request) : "";
    journal?.intend({ id, label: journal.labelOf(label), detach, fingerprint, ...stop, ...marks });
  }

  #start(launch: Launch): HostProcess {
    const { request, observer, streams, tree } = launch;
    const wasOutOfMemory = (osPid: number): boolean => this.#oom.killed(osPid, tree.spawn.cgroup);
    const child = new LocalProcess(request, { observer, tree, reactor: this.#options.reactor, wasOutOfMemory });
    const terminal = this.#openTerminal(request);
    const run = (): Bun.Subprocess => this.#bunSpawn(launch, child, terminal);
    const isTold = launch.plan.trampoline;
    const subprocess = this.#nofile === undefined || isTold ? run() : this.#nofile.around(run);
    streams.handedOver();
    child.adopt(subprocess);
    this.#options.journal?.spawned(request.id, subprocess.pid, procStat(subprocess.pid)?.start);
    this.#attach(launch, child);
    if (terminal !== undefined) {
      if (launch.plan.identity !== undefined) TerminalChannel.chown(subprocess.pid, launch.plan.identity.uid);
      child.takeTerminal(terminal, subprocess.terminal);
    }
    if (streams.reportEnd === undefined) child.confirm();
    else this.#awaitReport(launch, streams.reportEnd, child);
    return child;
  }

  #openTerminal(request: SpawnRequest): TerminalChannel | undefined {
    const { terminal, outputs, label } = request;
    if (terminal === undefined) return undefined;
    const sink = this.#options.openOutput(request, outputs[0] ?? "stdout");
    return new TerminalChannel(terminal, sink, `terminal of "${label}"`);
  }

  #bunSpawn(
    { request, plan, streams, tree }: Launch,
    child: LocalProcess,
    terminal: TerminalChannel | undefined,
  ): Bun.Subprocess {
    const env = { ...request.env, ...streams.env, ...tree.spawn.env };
    const { identity, trampoline } = plan;
    const [name = "", ...args] = request.argv;
    const direct = { cmd: [plan.path, ...args], argv0: name, env };
    const command = trampoline ? this.#trampoline({ request, plan, streams }, env) : direct;
    const user = trampoline || identity === undefined ? {} : { uid: identity.uid, gid: identity.gid };
    const cgroup = tree.spawn.cgroup === undefined ? {} : { cgroup: tree.spawn.cgroup };
    return Bun.spawn({
      ...command,
      ...user,
      ...cgroup,
      ...(terminal === undefined ? {} : { terminal: terminal.options }),
      cwd: request.cwd,
      stdio: streams.stdio,
      detached: true,
      onExit: (_, code, signal) => child.leaderExited(code, signal),
    });
  }

  #trampoline(
    { request, plan, streams }: Pick<Launch, "request" | "plan" | "streams">,
    env: Readonly<Record<string, string>>,
  ): { cmd: string[]; env: Record<string, string> } {
    const { path, limits, identity } = plan;
    const steps = encodeSteps({ path, limits, identity, listenPid: false, report: streams.report ?? -1 });
    return { cmd: [...ownCommand(), "__exec", steps, ...request.argv], env: hideFromRuntime(env) };
  }

  #attach({ request, streams }: Launch, child: LocalProcess): void {
    const options = this.#options;
    const { reactor } = options;
    for (const [label, fd] of streams.outputs) child.read(fd, options.openOutput(request, label));
    if (streams.input !== undefined)
      child.takeInput(new InputPipe(streams.input, reactor, `stdin of "${request.label}"`));
    for (const { label, readEnd, writeEnd } of streams.streams) {
      child.takeInput(new InputPipe(writeEnd, reactor, `stream "${label}" of "${request.label}"`), label);
      child.read(readEnd, options.openOutput(request, label));
    }
  }

  /** What the trampoline could not do comes over its pipe; its end after {@link READY} alone is exec. */
  #awaitReport({ request }: Launch, fd: number, child: LocalProcess): void {
    let said = "";
    const sink = {
      write: (bytes: Uint8Array) => {
        said += Buffer.from(bytes).toString();
      },
      end: () => undefined,
    };
    this.#options.reactor.read(fd, sink, () => {
      if (said === READY) return child.confirm();
      child.fail(said === "" ? brokenLaunch(request) : trampolineError(request, JSON.parse(said)));
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#detached?.[Symbol.dispose]();
    await this.#trees[Symbol.asyncDispose]();
    // Those of earlier lives may be empty by now.
    for (const folder of this.#options.journal?.folders ?? []) removeCgroup(folder);
    this.#oom[Symbol.dispose]();
  }
}

/** Nothing was said at all: the trampoline was killed, or had no memory to run. */
const brokenLaunch = ({ argv: [command = ""] }: SpawnRequest): GafferError =>
  new GafferError("spawn_failed", `Cannot run "${command}": its launch ended before the program ran`);

function trampolineError({ argv, uid, rlimits }: SpawnRequest, { step, code }: TrampolineFailure): GafferError {
  const [command = ""] = argv;
  if (step === "exec") return launchError(command, code);
  if (step === "user")
    return new GafferError("user_forbidden", `Cannot run "${command}" as user "${uid ?? ""}": ${code}`);
  const names = Object.keys(rlimits).join(", ");
  const fact = code === "EINVAL" ? "a soft limit is above its hard one" : "more than gaffer itself may have";
  return new GafferError("limit_refused", `Cannot set rlimits of "${command}" (${names}): ${code} (${fact})`);
}
