/**
 * The baseline: a plain Bun program that spawns, reads, respawns and does nothing else.
 * `bare COUNT COMMAND…` keeps COUNT processes of the command, until SIGTERM asks them all to stop.
 */
const [count = "1", ...command] = process.argv.slice(2);

const live = new Set<number>();
let stopping = false;

async function drain(stream: ReadableStream<Uint8Array>): Promise<void> {
  for await (const chunk of stream) if (chunk.length < 0) return;
}

function spawn(): void {
  const child = Bun.spawn(command, {
    stdio: ["ignore", "pipe", "pipe"],
    env: process.env,
    detached: true,
    onExit: () => {
      live.delete(child.pid);
      if (!stopping) spawn();
      else if (live.size === 0) process.exitCode = 0;
    },
  });
  live.add(child.pid);
  void drain(child.stdout);
  void drain(child.stderr);
}

process.on("SIGTERM", () => {
  stopping = true;
  for (const pid of live) process.kill(-pid, "SIGTERM");
});

for (let n = 0; n < Number(count); n++) spawn();
