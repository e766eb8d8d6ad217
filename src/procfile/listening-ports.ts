import { readFileSync } from "node:fs";

/** TCP_LISTEN, as the kernel writes it. @see proc_net_tcp(5), linux `include/net/tcp_states.h` */
const LISTENING = "0A";

/** TCP ports of this machine that something listens on, whoever it is; empty where the kernel does not tell. */
export function listeningPorts(): Set<number> {
  return new Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap((path) => portsOf(read(path))));
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    // A kernel without IPv6 has no such file.
    if (error instanceof Error && "code" in error) return "";
    throw error;
  }
}

/** The ports that a table of sockets shows as listened on. */
function portsOf(table: string): number[] {
  return table.split("\n").flatMap((line) => {
    const [, local = "", , state] = line.trim().split(/\s+/);
    return state === LISTENING ? [Number.parseInt(local.slice(local.indexOf(":") + 1), 16)] : [];
  });
}
