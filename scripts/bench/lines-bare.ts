/** The bare baseline of `lines.ts`: reads what children say and writes the bytes to stdout as they are. */
import { writeSync } from "node:fs";

async function copy(argv: readonly string[]): Promise<void> {
  const child = Bun.spawn([...argv], { stdio: ["ignore", "pipe", "inherit"] });
  for await (const chunk of child.stdout) {
    for (let written = 0; written < chunk.length;) written += writeSync(1, chunk, written);
  }
}

const [count = "1", file = ""] = process.argv.slice(2);
await Promise.all(Array.from({ length: Number(count) }, () => copy(["cat", file])));
