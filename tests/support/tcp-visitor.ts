/** How a visitor behaves once its request is sent: waits for the answer, sends nothing more, or has gone. */
export type Leaving = "stays" | "shuts down" | "closes" | "resets";

const script = `
import re, socket, struct, sys
host, port, leaving, request = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
s = socket.create_connection((host, port))
s.sendall(request.encode())
if leaving == "shuts down": s.shutdown(socket.SHUT_WR)
if leaving == "resets": s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
if leaving in ("closes", "resets"): s.close(); sys.exit(0)
s.settimeout(20)
got = b""
def whole():
    head, end, body = got.partition(b"\\r\\n\\r\\n")
    length = re.search(rb"content-length: (\\d+)", head, re.I)
    return end and (request.startswith("HEAD") or length and len(body) >= int(length[1]))
while not whole():
    more = s.recv(65536)
    if not more: break
    got += more
print(got.decode())
`;

/** One request over TCP by another user of this machine. */
export interface TcpVisit {
  readonly host?: string;
  readonly port: number;
  /** Request line and body; the rest is added. */
  readonly line: string;
  readonly body?: string;
  readonly leaving?: Leaving;
  /** Name of the user; undefined = our own. */
  readonly user?: string;
}

/** Sends one request as a user of this machine, and gives what was answered. */
export async function visitTcp({ host = "127.0.0.1", port, line, body = "", ...rest }: TcpVisit): Promise<string> {
  const { leaving = "stays", user } = rest;
  const named = host.includes(":") ? `[${host}]` : host;
  const request = `${line} HTTP/1.1\r\nHost: ${named}:${port}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  const python = ["/usr/bin/env", "python3", "-c", script, host, String(port), leaving, request];
  const argv =
    user === undefined ? python : ["setpriv", "--reuid", user, "--regid", "nogroup", "--clear-groups", ...python];
  const child = Bun.spawn(argv, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, PATH: "/usr/bin:/bin" } });
  const [text, error] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  if ((await child.exited) !== 0) throw new Error(`the visitor failed: ${error}`);
  return text;
}
