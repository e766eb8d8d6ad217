import { resolve } from "node:path";
import type { Command } from "../cli/command.ts";
import type { CommandSpec } from "../cli/flag-spec.ts";
import { parseFlags } from "../cli/parse-flags.ts";
import { GafferError } from "../base/gaffer-error.ts";
import { print, say } from "../cli/stdout.ts";
import type { DaemonConfig } from "../config/daemon-config.ts";
import { describeConfig } from "../config/describe-config.ts";
import { DEFAULT_DAEMON_CONFIG, loadDaemonConfig } from "../config/load-daemon-config.ts";
import { inheritableEnv } from "../host/child-environment.ts";
import { isInBackground, runInBackground } from "./background.ts";
import { type DaemonTarget, planDaemon } from "./daemon-plan.ts";
import { beginWithoutIdleTimer } from "./self-exec.ts";
import { systemdUnit } from "./systemd-unit.ts";

const spec = {
  name: "daemon",
  summary: "Keep jobs alive, steered over HTTP",
  examples: [
    "gaffer daemon -c gaffer.ini",
    "gaffer daemon --check gaffer.ini",
    "gaffer daemon --daemon --pidfile /run/gaffer.pid",
  ],
  positionals: { name: "[FILE]", description: "Configuration file, or a folder that holds one; same as -c", most: 1 },
  flags: {
    config: { type: "string", short: "c", value: "FILE", description: "Configuration file: .ini, .toml, or a folder" },
    bind: {
      type: "string",
      value: "ADDRESS",
      repeatable: true,
      description: "Listen here instead: host:port, :port, [v6]:port, unix:/path",
    },
    certfile: { type: "string", value: "FILE", description: "Speak TLS: certificate of the server (PEM)" },
    keyfile: {
      type: "string",
      value: "FILE",
      description: "Private key of the certificate, if it is not in the same file",
    },
    cacert: { type: "string", value: "FILE", description: "Serve only clients whose certificate this one signed" },
    "plugin-dir": {
      type: "string",
      short: "p",
      value: "DIR",
      repeatable: true,
      description: "Folder that holds plugins; without it $GAFFER_PLUGIN_DIR, plugins_dir, ~/.gaffer/plugins",
    },
    "plugins-dir": { type: "string", value: "DIR", repeatable: true, description: "The same as --plugin-dir (0.4)" },
    "require-key": { type: "boolean", description: "Serve only who shows a key, on every endpoint" },
    "create-admin-user": {
      type: "boolean",
      description: "Make an administrator and a key, and end; the password comes from a prompt or stdin",
    },
    "password-file": { type: "string", value: "FILE", description: "File that holds the password; - is stdin" },
    username: { type: "string", value: "NAME", description: "Name of that administrator" },
    "list-admins": { type: "boolean", description: "Name the administrators with the ids of their keys, and end" },
    "state-dir": { type: "string", value: "DIR", description: "Folder of what outlives this program" },
    daemon: { type: "boolean", description: "Go to the background, and return once it answers" },
    pidfile: { type: "string", value: "FILE", description: "Write the process id here" },
    verbose: {
      type: "count",
      short: "v",
      description: "Show on stdout what happens; twice: what the processes say, too",
    },
    "log-level": {
      type: "string",
      value: "LEVEL",
      description: "critical, error, warning, info or debug; without it, info",
    },
    "error-log": { type: "string", value: "FILE", description: "Log into this file instead of stderr" },
    check: { type: "boolean", description: "Show what the configuration amounts to, and start nothing" },
    unit: { type: "boolean", description: "Print a systemd unit that runs this command" },
    backlog: { type: "string", value: "N", description: "Accepted for older scripts; the system's own is used" },
  },
} as const satisfies CommandSpec;

/** `gaffer daemon`: the supervisor service. */
export const daemonCommand: Command = {
  spec,
  async run(args, context) {
    const { flags, positionals } = parseFlags(spec, args);
    const file = fileOf(flags.config, positionals);
    const at = { cwd: context.cwd, env: context.env, uid: process.getuid?.() ?? 0 };
    const reread = (): DaemonConfig =>
      file === undefined
        ? DEFAULT_DAEMON_CONFIG
        : loadDaemonConfig(resolve(context.cwd, file), { env: inheritableEnv(context.env) });
    const config = reread();
    const plan = planDaemon(config, flags, at);
    const target: DaemonTarget = { plan, config, at };
    if (flags.check) return check(target);
    if (flags["list-admins"] || flags["create-admin-user"]) {
      const { administer } = await import("./admin-commands.ts");
      return administer(target, flags);
    }
    if (flags.unit) {
      // The service manager keeps it in the foreground.
      const words = args.filter((word) => word !== "--unit" && word !== "--daemon");
      print(systemdUnit({ program: process.execPath, args: words, cwd: context.cwd }));
      return 0;
    }
    if ((flags.daemon || config.daemonize) && !isInBackground(context.env)) {
      const words = args.filter((word) => word !== "--daemon");
      return runInBackground(["daemon", ...words], context.cwd);
    }
    beginWithoutIdleTimer();
    const { runDaemon } = await import("./run-daemon.ts");
    return runDaemon({ plan, config, at, reread, replan: (anew) => planDaemon(anew, flags, at) });
  },
};

/** The configuration that is named, by `-c` or without. */
function fileOf(config: string | undefined, [file = config]: readonly string[]): string | undefined {
  if (config === undefined || file === config) return file;
  throw new GafferError("usage", `Cannot use both -c ${config} and ${file}: give one configuration`);
}

/** Shows what a configuration amounts to, and what the machine has against it. */
async function check({ plan, config, at }: DaemonTarget): Promise<number> {
  const { checkPlugins } = await import("./daemon-plugins.ts");
  await checkPlugins({ plan, config, uid: at.uid });
  const { machineWarnings } = await import("./machine-warnings.ts");
  const warnings = machineWarnings(config, { env: inheritableEnv(at.env), cwd: at.cwd });
  for (const warning of [...plan.warnings, ...warnings]) say(`gaffer: ${warning}\n`);
  print(describeConfig(config));
  return 0;
}
