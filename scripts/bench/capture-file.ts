/**
 * What the daemon does with output, and nothing else of it: `capture-file COUNT OUT COMMAND…` runs the command COUNT times
 * at once by the real host; both outputs of each go through the hub into the log file OUT, rotated at 50 MB.
 */
import { LocalHost } from "../../src/host/local-host.ts";
import { openReactor } from "../../src/host/open-reactor.ts";
import type { ProcessObserver, SpawnRequest } from "../../src/manager/process-host.ts";
import { LogFiles } from "../../src/output/log-files.ts";
import { OutputHub } from "../../src/output/output-hub.ts";

const [count = "1", path = "", ...argv] = process.argv.slice(2);
const reactor = openReactor();
const hub = new OutputHub();
const files = new LogFiles({ onProblem: console.error });
const host = new LocalHost({
  reactor,
  openOutput: (request, label) => {
    const log = request.logs[label];
    return hub.open(request, label, log && files.open(log));
  },
});
const log = { path, maxBytes: 50_000_000, backups: 10 };
const env = Object.fromEntries(Object.entries(process.env).flatMap(([key, value]) => (value ? [[key, value]] : [])));

const ends = Array.from({ length: Number(count) }, (_, n) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let rest = 2;
  const one = () => {
    if (--rest === 0) resolve();
  };
  const observer: ProcessObserver = {
    spawned: () => undefined,
    spawnFailed: (error) => {
      throw error;
    },
    exited: () => undefined,
    emptied: one,
    closed: one,
  };
  const request: SpawnRequest = {
    id: n + 1,
    label: `bench.p.${n + 1}`,
    job: "bench.p",
    slot: n + 1,
    argv,
    env,
    cwd: "/",
    rlimits: {},
    outputs: ["stdout", "stderr"],
    logs: { stdout: log, stderr: log },
    input: false,
    streams: [],
    channels: [],
    detach: false,
  };
  host.spawn(request, observer);
  return promise;
});

await Promise.all(ends);
await files[Symbol.asyncDispose]();
await host[Symbol.asyncDispose]();
await reactor[Symbol.asyncDispose]();
