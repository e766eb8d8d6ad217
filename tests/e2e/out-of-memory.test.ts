import { expect, test } from "bun:test";
import { MemoryGroup } from "../support/memory-group.ts";
import { RunningGaffer } from "../support/running-gaffer.ts";
import { TempDir } from "../support/temp-dir.ts";

test("a process that the kernel kills for want of memory is told from one that somebody killed", async () => {
  using group = new MemoryGroup(64 << 20);
  using dir = new TempDir({
    "eat.py": "bytearray(512 << 20)\n",
    Procfile: [
      `eater: echo $$ > ${group.folder}/cgroup.procs; exec python3 eat.py`,
      "victim: sleep 0.1; kill -KILL $$\n",
    ].join("\n"),
  });
  await using gaffer = new RunningGaffer(["start", "--no-restart"], { cwd: dir.path });
  await gaffer.ended();
  const text = `${gaffer.stdout}${gaffer.stderr}`;
  expect(text).toMatch(/eater\.1 +\| .*killed by SIGKILL \(out of memory\)/);
  expect(text).toMatch(/victim\.1 +\| .*killed by SIGKILL(?! \()/);
});
