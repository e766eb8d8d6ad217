import { describe, expect, test } from "bun:test";
import { OutputCleaner } from "../../../src/apps/output-cleaner.ts";
import type { ByteSink } from "../../../src/output/byte-sink.ts";
import { OutputHub } from "../../../src/output/output-hub.ts";
import { ManagedWorld } from "../manager/managed-world.ts";

const keptText = (hub: OutputHub): string => Buffer.concat(hub.kept(() => true).map(({ bytes }) => bytes)).toString();

/** A manager, a hub beside it, and what process `id` of its job says. */
class CleanedWorld extends ManagedWorld {
  readonly hub: OutputHub = new OutputHub();

  constructor() {
    super();
    new OutputCleaner(this.hub).start(this.manager);
  }

  output(id: number, job = "default.dummy"): ByteSink {
    return this.hub.open({ id, job, slot: 1 }, "stdout");
  }
}

describe("OutputCleaner", () => {
  test("what a job said stays while it is loaded, stopped or not", async () => {
    await using world = new CleanedWorld();
    world.load();
    const output = world.output(1);
    output.write(Buffer.from("hello\n"));
    world.manager.stopJob("dummy");
    output.write(Buffer.from("bye\n"));
    output.end();
    world.host.obey();
    expect(keptText(world.hub)).toBe("hello\nbye\n");
    world.output(9, "default.other").write(Buffer.from("other\n"));
    world.manager.unload("dummy");
    await Promise.resolve();
    expect(keptText(world.hub)).toBe("other\n");
  });

  test("the last words of an unloaded job can be read until its last process has gone; then the memory is free", async () => {
    await using world = new CleanedWorld();
    world.load({ numprocesses: 2 });
    const output = world.output(1);
    world.manager.unload("dummy");
    output.write(Buffer.from("bye\n"));
    output.end();
    world.at(1).end();
    expect(keptText(world.hub)).toBe("bye\n");
    world.host.obey();
    await Promise.resolve();
    expect(keptText(world.hub)).toBe("");
    // Its memory is there for the next one.
    const { memoryBytes } = world.hub;
    world.output(9, "default.other").write(Buffer.from("other\n"));
    expect(world.hub.memoryBytes).toBe(memoryBytes);
  });

  test("a job loaded again while its old processes still go starts empty, and they add nothing to it", async () => {
    await using world = new CleanedWorld();
    world.load();
    const old = world.output(1);
    old.write(Buffer.from("old\n"));
    const [first] = world.host.living;
    world.manager.unload("dummy");
    world.load();
    const output = world.output(2);
    output.write(Buffer.from("new\n"));
    old.write(Buffer.from("old again\n"));
    old.end();
    first?.end();
    expect(keptText(world.hub)).toBe("new\n");
    output.write(Buffer.from("newer\n"));
    expect(keptText(world.hub)).toBe("new\nnewer\n");
  });
});
