/**
 * The baseline for log files: `bare-file COUNT OUT COMMAND…` runs the command COUNT times at once and appends what they
 * say, chunk by chunk, to the file OUT.
 */
import { openSync, writeSync } from "node:fs";

const [count = "1", out = "", ...command] = process.argv.slice(2);
const fd = openSync(out, "a");

async function copy(stream: ReadableStream<Uint8Array>): Promise<void> {
  for await (const chunk of stream) for (let at = 0; at < chunk.length;) at += writeSync(fd, chunk, at);
}

const copies = Array.from({ length: Number(count) }, () => {
  const child = Bun.spawn(command, { stdio: ["ignore", "pipe", "pipe"], env: process.env, detached: true });
  return Promise.all([copy(child.stdout), copy(child.stderr)]);
});

await Promise.all(copies);
