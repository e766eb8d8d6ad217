/** What `lines.ts` measures: the way of output in `gaffer start`, from the child's pipe to prefixed lines on stdout. */
import { closeSync } from "node:fs";
import { ConsoleOutput } from "../../src/apps/console-output.ts";
import { libc, openPipe } from "../../src/host/libc.ts";
import { openReactor } from "../../src/host/open-reactor.ts";
import { StdoutWriter } from "../../src/host/stdout-writer.ts";
import { OutputHub } from "../../src/output/output-hub.ts";

const [count = "1", file = ""] = process.argv.slice(2);
await using reactor = openReactor();
await using writer = new StdoutWriter({ reactor });
const hub = new OutputHub({ keptBytes: 0 });
const names = Array.from({ length: Number(count) }, (_, n) => `web.${n + 1}`);
const consoleOutput = new ConsoleOutput({ hub, writer, names, colorize: false });
consoleOutput.start({ events: { subscribe: () => undefined, unsubscribe: () => undefined } });

function read(slot: number): Promise<void> {
  const c = libc();
  const ends = c === undefined ? undefined : openPipe(c);
  if (ends === undefined) throw new Error("no pipe to be had");
  Bun.spawn(["cat", file], { stdio: ["ignore", ends[1], "inherit"] });
  closeSync(ends[1]);
  const { promise, resolve } = Promise.withResolvers<void>();
  reactor.read(ends[0], hub.open({ id: slot, job: "default.web", slot }, "stdout"), resolve);
  return promise;
}

await Promise.all(names.map((_, n) => read(n + 1)));
consoleOutput.stop();
