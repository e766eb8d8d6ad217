import { ptr } from "bun:ffi";
import { libc } from "./libc.ts";

const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 0x80002;
const MSG_NOSIGNAL = 0x4000;

/** `sockaddr_un`; a name that begins with `@` is an abstract one, see unix(7). */
function socketAddress(path: string): Uint8Array {
  const name = Buffer.from(path.startsWith("@") ? `\0${path.slice(1)}` : path);
  return Buffer.concat([Buffer.from(new Uint16Array([AF_UNIX]).buffer), name]);
}

/**
 * Tells the init system how we are: `READY=1`, `RELOADING=1`, `STOPPING=1`, `STATUS=…`, a line each. Without one that listens
 * nothing happens.
 *
 * @param path - of its socket, as NOTIFY_SOCKET gives it.
 * @returns whether it was sent.
 * @see sd_notify(3)
 */
export function notifyInit(path: string | undefined, state: string): boolean {
  const c = libc();
  if (c === undefined || path === undefined || !/^[/@]/.test(path)) return false;
  const fd = c.socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
  if (fd < 0) return false;
  const [address, message] = [socketAddress(path), Buffer.from(state)];
  const sent = c.sendto(fd, ptr(message), message.length, MSG_NOSIGNAL, ptr(address), address.length);
  c.close(fd);
  return sent === message.length;
}
