import { GafferError } from "./gaffer-error.ts";

/** An address that is listened on, or connected to. */
export type Endpoint =
  | {
      readonly kind: "tcp";
      readonly host: string;
      readonly port: number;
      /** TLS is spoken there. @defaultValue false */
      readonly tls?: boolean;
    }
  | { readonly kind: "unix"; readonly path: string };

/** Port of the daemon where none is said. @see gaffer 0.5 */
export const DEFAULT_PORT = 5000;

const LOOPBACK = "127.0.0.1";

/**
 * Reads `host:port`, `:port` (loopback), `host` (port 5000), `[v6]:port`, `unix:/path`, `http://host:port` and `https://host:port`.
 *
 * @param what - what the address is for, in the error.
 * @throws {@link GafferError} `usage` if it is none of these.
 */
export function parseEndpoint(text: string, what = "address"): Endpoint {
  const refuse = (fact: string): GafferError =>
    new GafferError("usage", `Cannot use ${what} ${JSON.stringify(text)}: ${fact}`);
  if (text.startsWith("unix:")) return unixEndpoint(text.slice("unix:".length).replace(/^\/\//, ""), refuse);
  const bare = text.replace(/^https?:\/\//i, "").replace(/\/$/, "");
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/[\]@?#]*))(?::(\d{1,5}))?$/.exec(bare);
  if (match === null || bare === "")
    throw refuse("it takes host:port, :port, [v6]:port, https://host:port or unix:/path");
  const [, v6, name = "", digits] = match;
  const port = digits === undefined ? DEFAULT_PORT : Number(digits);
  if (port > 65_535) throw refuse("a port is 0 to 65535");
  const tls = /^https:/i.test(text) ? { tls: true } : {};
  return { kind: "tcp", host: v6 ?? (name === "" ? LOOPBACK : name), port, ...tls };
}

function unixEndpoint(path: string, refuse: (fact: string) => GafferError): Endpoint {
  if (path === "" || path.includes("\0")) throw refuse("unix: is followed by the path of a socket");
  // sun_path holds 108 bytes with the NUL at its end, see unix(7).
  if (Buffer.byteLength(path) > 107) throw refuse("the path of a socket has 107 bytes at most");
  return { kind: "unix", path };
}

/**
 * The endpoint as text that {@link parseEndpoint} reads: `127.0.0.1:5000`, `[::1]:5000`, `https://127.0.0.1:5000`, `unix:/run/gaffer.sock`.
 */
export function formatEndpoint(endpoint: Endpoint): string {
  if (endpoint.kind === "unix") return `unix:${endpoint.path}`;
  return `${endpoint.tls === true ? "https://" : ""}${hostAndPort(endpoint)}`;
}

/** Where an endpoint is, whatever is spoken there: two of the same can't be listened on. */
export function endpointAddress(endpoint: Endpoint): string {
  return endpoint.kind === "unix" ? `unix:${endpoint.path}` : hostAndPort(endpoint);
}

const hostAndPort = ({ host, port }: { readonly host: string; readonly port: number }): string =>
  `${host.includes(":") ? `[${host}]` : host}:${port}`;

/** What the URL of a path there begins with; over a unix socket, that of a request that is sent into it. */
export function originOf(endpoint: Endpoint): string {
  if (endpoint.kind === "unix") return "http://localhost";
  return `${endpoint.tls === true ? "https" : "http"}://${hostAndPort(endpoint)}`;
}

/** Whether only programs of this machine can reach it. */
export function isLocal(endpoint: Endpoint): boolean {
  if (endpoint.kind === "unix") return true;
  const { host } = endpoint;
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
