/** The name in a Host header, without its port. */
export function hostName(header: string): string {
  const match = /^\[([^\]]*)\](?::\d+)?$/.exec(header) ?? /^([^:]*)(?::\d+)?$/.exec(header);
  return (match?.[1] ?? header).toLowerCase().replace(/\.$/, "");
}

const isAddress = (name: string): boolean =>
  /^\d{1,3}(\.\d{1,3}){3}$/.test(name) || /^[0-9a-f:.]*:[0-9a-f:.]*$/.test(name);

/**
 * Whether a request may name us so. A page that made its own name point to us (DNS rebinding) names that.
 *
 * @param names - names we are known by: the bound one, and those that were allowed.
 */
export function isOurName(header: string, names: readonly string[]): boolean {
  const name = hostName(header);
  return name === "localhost" || isAddress(name) || names.some((known) => known.toLowerCase() === name);
}
