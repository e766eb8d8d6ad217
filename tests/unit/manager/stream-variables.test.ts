import { expect, test } from "bun:test";
import { resolveJob } from "../../../src/manager/job-settings.ts";
import { SpawnRequests } from "../../../src/manager/spawn-request.ts";
import { streamVariables } from "../../../src/manager/stream-variables.ts";

test("streamVariables() counts from descriptor 3, and makes labels names", () => {
  expect(streamVariables(["ctl", "side-band", "ctl"])).toEqual({
    GAFFER_STREAM_CTL_FD: "5",
    GAFFER_STREAM_SIDE_BAND_FD: "4",
  });
  expect(streamVariables([])).toEqual({});
});

test("a command may name the number of a custom stream", () => {
  const config = resolveJob({ name: "web", cmd: "serve $GAFFER_STREAM_CTL_FD", customStreams: ["ctl"], osEnv: false });
  const { argv, env } = new SpawnRequests(config, { env: {}, cwd: "/" }).for({ id: 1, slot: 1 });
  expect([argv, env]).toEqual([["serve", "3"], { GAFFER_STREAM_CTL_FD: "3" }]);
});
