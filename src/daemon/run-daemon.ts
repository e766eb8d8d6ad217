import { Access } from "../access/access.ts";
import { processSignals, SigHandler } from "../apps/signal-handler.ts";
import { formatEndpoint } from "../base/endpoint.ts";
import { GafferError } from "../base/gaffer-error.ts";
import { type Log, openLog } from "../base/log.ts";
import { signalName } from "../base/signals.ts";
import { buildInfo } from "../cli/build-info.ts";
import { PluginSet } from "../apps/plugins/plugin-set.ts";
import type { DaemonConfig } from "../config/daemon-config.ts";
import { notifyInit } from "../host/notify-socket.ts";
import { openReactor } from "../host/open-reactor.ts";
import { type LeftoverReport, stopLeftovers } from "../host/leftovers.ts";
import { localMachine } from "../host/local-machine.ts";
import { Pidfile } from "../host/pidfile.ts";
import type { Reactor } from "../host/reactor.ts";
import { Instance } from "../state/instance.ts";
import { defaultStateFolder } from "../state/state-folder.ts";
import { tellReady } from "./background.ts";
import { Daemon } from "./daemon.ts";
import { type DaemonPlan, type DaemonSurroundings, hasSameDoors } from "./daemon-plan.ts";
import { endInSpiteOf, loadDaemonPlugins } from "./daemon-plugins.ts";
import { ErrorLog } from "./error-log.ts";
import { StrayErrors } from "./stray-errors.ts";
import { Housekeeping } from "./housekeeping.ts";
import { reloadReport } from "./reload-report.ts";

const SIGUSR1 = 10;
/** How often, and after which pause in milliseconds, a state folder that is held is asked for again. */
const HELD_TRIES = 20;
const HELD_PAUSE_MS = 25;
const DOORS_STAY =
  "addresses, and who may use them (require_key, insecure, allowed_hosts, cors_origins), are those of the start: restart the daemon to change them";
/** Most processes that one line of the log names. */
const NAMED = 10;

/** What `gaffer daemon` runs. */
export interface DaemonRun {
  readonly plan: DaemonPlan;
  readonly config: DaemonConfig;
  readonly at: DaemonSurroundings;
  /** Reads the configuration again. @throws {@link GafferError} `config_invalid` */
  reread(): DaemonConfig;
  /** Decides anew, by another configuration. @throws {@link GafferError} `usage` */
  replan(config: DaemonConfig): DaemonPlan;
}

/** Tells the init system how we are. */
type Notify = (state: string) => void;

/** The init system's socket, taken out of the environment: it is not for children. */
function takeNotifySocket(): string | undefined {
  const path = process.env["NOTIFY_SOCKET"];
  delete process.env["NOTIFY_SOCKET"];
  return path;
}

/**
 * Runs a daemon until it is told to end.
 *
 * @returns the exit code: 0 after an orderly end, whoever asked for it; 70 if a bug was met on the way.
 */
export async function runDaemon(run: DaemonRun): Promise<number> {
  const { plan, config, at } = run;
  const release = holdSignals();
  using errorLog = new ErrorLog(plan.errorLog);
  const log = await openLog({ level: plan.logLevel, write: (line) => errorLog.write(line) });
  const plugins = new PluginSet(plan.plugins.dirs);
  using _end = endInSpiteOf(plugins);
  using stray = new StrayErrors(log, (error) => plugins.takeStray(error));
  await loadDaemonPlugins(plugins, { plan, config, uid: at.uid, log });
  using _pidfile = plan.pidfile === undefined ? undefined : takePidfile(plan.pidfile);
  const stateFolder = plan.stateDir ?? defaultStateFolder(config.file, at);
  using instance = await openInstance(stateFolder, log);
  using access = plan.keyring && new Access({ folder: stateFolder, ...plan.keyring });
  const left = await stopLeftovers(instance.ledger);
  reportLeftovers(left, log);
  await using reactor: Reactor = openReactor();
  const { promise: ended, resolve: end } = Promise.withResolvers<string>();
  await using daemon = new Daemon({
    plan,
    config,
    log,
    reactor,
    version: buildInfo().version,
    cwd: at.cwd,
    uid: at.uid,
    plugins,
    access,
    journal: instance.ledger,
    detached: left.detached,
    shutdown: () => end("asked to shut down"),
  });
  const notifySocket = takeNotifySocket();
  const notify: Notify = (state) => void notifyInit(notifySocket, state);
  for (const warning of [...plan.warnings, ...accessWarnings(access)]) log.warn(warning);
  // To the very end: a signal that comes while the last things are put away must not change the exit code.
  handleSignals(run, daemon, { log, errorLog, notify, end });
  release();
  try {
    await daemon.start();
    announce(daemon, log, notify);
    using _housekeeping = new Housekeeping(daemon.manager);
    log.info(`${await ended}: stopping everything`);
    notify("STOPPING=1");
  } finally {
    const { killed } = await daemon.stop();
    if (killed.length > 0) log.warn(`had to be killed: ${killed.join(", ")}`);
  }
  log.info("stopped");
  return stray.exitCode;
}

/** Where a key is asked for and there is none, nobody comes in. */
function accessWarnings(access: Access | undefined): string[] {
  if (access === undefined || access.keyring.all().length > 0) return [];
  return ["a key is asked for, and there is none yet: gaffer daemon --create-admin-user makes the first"];
}

/** Tells whoever waits for it that we answer. */
function announce(daemon: Daemon, log: Log, notify: Notify): void {
  for (const endpoint of daemon.endpoints) log.info(`listening on ${formatEndpoint(endpoint)}`);
  notify("READY=1");
  tellReady();
}

interface SignalNeeds {
  readonly log: Log;
  readonly errorLog: ErrorLog;
  readonly notify: Notify;
  /** Ends the daemon; says why. */
  readonly end: (why: string) => void;
}

function handleSignals(run: DaemonRun, daemon: Daemon, needs: SignalNeeds): void {
  const { log, errorLog, end } = needs;
  const handler = new SigHandler(processSignals(process), {
    quit: (signal) => end(signalName(signal)),
    quitNow: () => {
      log.warn("killing what is left");
      daemon.kill();
    },
    reload: () => reload(run, daemon, needs),
    forward: (signal) => {
      if (signal === SIGUSR1) reopen(errorLog, daemon, log);
    },
  });
  handler.start();
}

/**
 * Until it answers there is nothing to reload and no log file to open anew: a signal that asks for it must not end the start.
 *
 * @returns takes the signals back.
 */
function holdSignals(): () => void {
  const held = ["SIGHUP", "SIGUSR1", "SIGUSR2"] as const;
  for (const name of held) process.on(name, doNothing);
  return () => {
    for (const name of held) process.off(name, doNothing);
  };
}

const doNothing = (): void => undefined;

/** A daemon that has just said its last word may hold its folder for a moment yet. */
async function openInstance(folder: string, log: Log): Promise<Instance> {
  const open = (): Instance => Instance.open(folder, { machine: localMachine, warn: (text) => log.warn(text) });
  for (let tries = HELD_TRIES; tries > 0; tries--) {
    try {
      return open();
    } catch (error) {
      if (!(error instanceof GafferError && error.code === "instance_held")) throw error;
      await Bun.sleep(HELD_PAUSE_MS);
    }
  }
  return open();
}

/** Says what was found of an earlier life; nothing, mostly. */
function reportLeftovers({ found, killed, labels, stuck, detached }: LeftoverReport, log: Log): void {
  if (found > 0) {
    const more = labels.length > NAMED ? ` and ${labels.length - NAMED} more` : "";
    const whose = labels.length === 0 ? "" : ` (${labels.slice(0, NAMED).join(", ")}${more})`;
    const hard = killed === 0 ? "" : `, ${killed} of them by SIGKILL`;
    log.warn(`stopped ${found} processes that the last daemon left behind${hard}${whose}`);
  }
  if (stuck.length > 0) log.error(`processes that can't be killed: ${stuck.join(", ")}`);
  if (detached.length > 0) log.info(`still running: ${detached.map(({ label }) => label).join(", ")}`);
}

function takePidfile(path: string): Pidfile & Disposable {
  const pidfile = new Pidfile(path);
  pidfile.create();
  return Object.assign(pidfile, { [Symbol.dispose]: () => pidfile.unlink() });
}

function reload(run: DaemonRun, daemon: Daemon, { log, notify }: SignalNeeds): void {
  notify(`RELOADING=1\nMONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`);
  try {
    const config = run.reread();
    const plan = run.replan(config);
    for (const warning of plan.warnings) log.warn(warning);
    if (!hasSameDoors(plan, run.plan)) log.warn(`reload: ${DOORS_STAY}`);
    for (const endpoint of daemon.renewTls(plan)) {
      log.info(`reload: ${formatEndpoint(endpoint)} has the certificates of now`);
    }
    const difference = daemon.apply(config);
    for (const line of reloadReport(difference)) log.info(`reload: ${line}`);
    void daemon.restartPlugins();
  } catch (error) {
    if (!(error instanceof GafferError)) throw error;
    log.error(`reload: nothing was changed: ${error.message}`);
  } finally {
    notify("READY=1");
  }
}

function reopen(errorLog: ErrorLog, daemon: Daemon, log: Log): void {
  try {
    errorLog.reopen();
  } catch (error) {
    log.error(error instanceof Error ? error.message : String(error));
  }
  daemon.reopenLogs();
  log.info("log files are opened anew");
}
