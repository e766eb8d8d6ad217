/** Variables that speak to gaffer alone: a child that inherited them would answer for us, or hold our key. */
const own =
  /^(NOTIFY_SOCKET|WATCHDOG_(USEC|PID)|LISTEN_(FDS|PID|FDNAMES)|GAFFER_(API_KEY|TOKEN|READY_FD|STREAM_.*_FD)|NODE_CHANNEL_.*|BUN_.*)$/;

/** What of an environment may be handed to children: all but what is gaffer's own, its runtime's switches included. */
export function inheritableEnv(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined && !own.test(name)) kept[name] = value;
  return kept;
}
