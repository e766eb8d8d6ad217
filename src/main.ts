import { isatty } from "node:tty";
import { runCli } from "./cli/run-cli.ts";

async function main(): Promise<number> {
  const [word, ...args] = process.argv.slice(2);
  // Hidden: one step of a child's start, in this executable because it is the one that is surely there.
  if (word === "__exec") return (await import("./host/exec-trampoline.ts")).runTrampoline(args);
  return runCli({
    argv0: process.argv0,
    argv: process.argv.slice(2),
    context: { env: process.env, cwd: process.cwd(), isTerminal: isatty },
    commands: {
      start: async () => (await import("./procfile/start-command.ts")).startCommand,
      login: async () => (await import("./ctl/login-command.ts")).loginCommand,
      ctl: async () => (await import("./ctl/ctl-command.ts")).ctlCommand,
      daemon: async () => (await import("./daemon/daemon-command.ts")).daemonCommand,
      config: async () => (await import("./daemon/config-command.ts")).configCommand,
      load: async () => (await import("./procfile/load-command.ts")).loadCommand,
      unload: async () => (await import("./procfile/load-command.ts")).unloadCommand,
      reload: async () => (await import("./procfile/load-command.ts")).reloadCommand,
      ps: async () => (await import("./procfile/ps-command.ts")).psCommand,
      scale: async () => (await import("./procfile/scale-command.ts")).scaleCommand,
      logs: async () => (await import("./procfile/logs-command.ts")).logsCommand,
      stop: async () => (await import("./procfile/session-state-commands.ts")).stopCommand,
      restart: async () => (await import("./procfile/session-state-commands.ts")).restartCommand,
      check: async () => (await import("./procfile/check-command.ts")).checkCommand,
      version: async () => (await import("./cli/version-command.ts")).versionCommand,
    },
  });
}

process.exitCode = await main();
