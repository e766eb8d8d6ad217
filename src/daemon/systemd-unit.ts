/** What a unit is made of. */
export interface UnitOptions {
  /** Absolute path of this program. */
  readonly program: string;
  /** Arguments after `daemon`. */
  readonly args: readonly string[];
  /** Absolute folder that relative paths in them start from. */
  readonly cwd: string;
}

/** An argument as systemd reads it. @see systemd.service(5), "Command lines" */
function quote(word: string): string {
  const escaped = word.replaceAll("%", "%%").replaceAll("$", "$$$$");
  if (/^[A-Za-z0-9_@%+=:,./$-]+$/.test(word)) return escaped;
  return `"${escaped.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}

/** A systemd unit that runs a daemon: ready when it answers, reloaded by SIGHUP, and with a control group of its own to make others in. */
export function systemdUnit({ program, args, cwd }: UnitOptions): string {
  const command = [program, "daemon", ...args].map(quote).join(" ");
  return `[Unit]
Description=gaffer process supervisor
After=network.target

[Service]
Type=notify
NotifyAccess=main
WorkingDirectory=${cwd.replaceAll("%", "%%")}
ExecStart=${command}
ExecReload=/bin/kill -HUP $MAINPID
KillMode=mixed
TimeoutStopSec=90
Restart=on-failure
Delegate=yes
LimitNOFILE=65536
Environment=BUN_GC_TIMER_DISABLE=1

[Install]
WantedBy=multi-user.target
`;
}
