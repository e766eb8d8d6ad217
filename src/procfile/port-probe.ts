/** Whether something on this machine listens on a TCP port, on any address. */
export function isPortTaken(port: number): boolean {
  // "::" meets listeners of both families; a machine without IPv6 refuses it with another error.
  const found = tryListen(port, "::");
  return (found === "EADDRINUSE" || found === undefined ? found : tryListen(port, "0.0.0.0")) === "EADDRINUSE";
}

/** @returns the errno of the refusal, undefined when the port could be had. */
function tryListen(port: number, hostname: string): string | undefined {
  try {
    Bun.listen({ hostname, port, socket: { data() {} } }).stop(true);
    return undefined;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : "unknown";
  }
}
