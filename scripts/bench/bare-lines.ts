/**
 * The baseline for lines: `bare-lines COUNT COMMAND…` runs the command COUNT times at once and copies what they say,
 * chunk by chunk, to its own stdout.
 */
import { writeSync } from "node:fs";

const [count = "1", ...command] = process.argv.slice(2);

async function copy(stream: ReadableStream<Uint8Array>): Promise<void> {
  for await (const chunk of stream) for (let at = 0; at < chunk.length;) at += writeSync(1, chunk, at);
}

const copies = Array.from({ length: Number(count) }, () => {
  const child = Bun.spawn(command, { stdio: ["ignore", "pipe", "ignore"], env: process.env, detached: true });
  return copy(child.stdout);
});

await Promise.all(copies);
