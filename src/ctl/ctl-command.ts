import type { Command, SubCommand } from "../cli/command.ts";
import { connectionFlags } from "../cli/connection-flags.ts";
import { GafferError } from "../base/gaffer-error.ts";

const spec = {
  name: "ctl",
  summary: "Control a daemon",
  examples: ["gaffer ctl status", "gaffer ctl watch", "gaffer ctl help scale"],
  flags: connectionFlags,
};

const state = () => import("./state-commands.ts");
const lists = () => import("./list-commands.ts");
const infos = () => import("./info-commands.ts");
const loads = () => import("./load-commands.ts");
const scales = () => import("./scale-commands.ts");
const processes = () => import("./process-commands.ts");

/** Every command of `gaffer ctl`, in the order of its help. */
const subCommands: Readonly<Record<string, SubCommand>> = {
  status: {
    summary: "Show how every job stands",
    load: async () => (await import("./status-command.ts")).statusCommand,
  },
  watch: { summary: "Show what happens", load: async () => (await import("./watch-command.ts")).watchCommand },
  logs: { summary: "Show what jobs said, and say", load: async () => (await import("./logs-command.ts")).logsCommand },
  info: { summary: "Show everything about a job or a process", load: async () => (await infos()).infoCommand },
  stats: { summary: "Show what the processes use", load: async () => (await infos()).statsCommand },
  jobs: { summary: "List the jobs", load: async () => (await lists()).jobsCommand },
  sessions: { summary: "List the sessions", load: async () => (await lists()).sessionsCommand },
  pids: { summary: "List the numbers of the processes", load: async () => (await lists()).pidsCommand },
  load: { summary: "Load the jobs of a JSON file, and start them", load: async () => (await loads()).loadCommand },
  unload: { summary: "Stop a job and forget it", load: async () => (await state()).unloadCommand },
  start: { summary: "Start a loaded job", load: async () => (await state()).startCommand },
  stop: { summary: "Stop a job; it stays loaded", load: async () => (await state()).stopCommand },
  restart: {
    summary: "Replace the processes of a job one after the other",
    load: async () => (await state()).restartCommand,
  },
  reload: { summary: "Replace all processes of a job at once", load: async () => (await state()).reloadCommand },
  scale: { summary: "Change how many processes jobs have", load: async () => (await scales()).scaleCommand },
  add: { summary: "Add to the number of processes", load: async () => (await scales()).addCommand },
  sub: { summary: "Take away from the number of processes", load: async () => (await scales()).subCommand },
  kill: {
    summary: "Send a signal to a process, or to those of a job",
    load: async () => (await processes()).killCommand,
  },
  killall: {
    summary: "Send a signal to every process of a job",
    load: async () => (await processes()).killallCommand,
  },
  stop_process: { summary: "Stop one process", load: async () => (await processes()).stopProcessCommand },
  commit: { summary: "Run one more process of a job, once", load: async () => (await processes()).commitCommand },
  send: { summary: "Write a line to the stdin of a process", load: async () => (await processes()).sendCommand },
  plugins: {
    summary: "Show the plugins, and how they stand",
    load: async () => (await import("./plugins-command.ts")).pluginsCommand,
  },
  shutdown: { summary: "Stop every job, then the daemon", load: async () => (await processes()).shutdownCommand },
  webhook: {
    summary: "Post events to URLs",
    load: async () => (await import("./webhook-command.ts")).webhookCommand,
  },
  key: {
    summary: "Make keys and take them back",
    load: async () => (await import("./key-command.ts")).keyCommand,
  },
  user: {
    summary: "Make users and take them away",
    load: async () => (await import("./user-command.ts")).userCommand,
  },
  ping: { summary: "Ask whether the daemon answers", load: async () => (await lists()).pingCommand },
  version: { summary: "Show the version of the daemon", load: async () => (await lists()).versionCommand },
  processes: { summary: "List the jobs (gaffer 0.4)", load: async () => (await lists()).processesCommand },
  add_process: {
    summary: "Load a job by name and command (0.4)",
    load: async () => (await loads()).addProcessCommand,
  },
  load_process: {
    summary: "Load jobs; started only when asked (0.4)",
    load: async () => (await loads()).loadProcessCommand,
  },
  update_process: {
    summary: "Give a job another command (0.4)",
    load: async () => (await loads()).updateProcessCommand,
  },
  get_process: {
    summary: "Show the settings of a job as JSON (0.4)",
    load: async () => (await infos()).getProcessCommand,
  },
  del_process: { summary: "Stop a job and forget it (0.4)", load: async () => (await state()).unloadCommand },
  numprocesses: {
    summary: "Show how many processes a job should have (0.4)",
    load: async () => (await lists()).numprocessesCommand,
  },
  running: { summary: "Show how many processes of a job run (0.4)", load: async () => (await lists()).runningCommand },
};

/** `gaffer ctl`: the remote control of a daemon. */
export const ctlCommand: Command = {
  spec,
  subCommands,
  run(args) {
    const [flag = ""] = args;
    throw new GafferError(
      "usage",
      `Cannot run gaffer ctl${flag && ` ${flag}`}: it needs a command; see "gaffer help ctl"`,
    );
  },
};
