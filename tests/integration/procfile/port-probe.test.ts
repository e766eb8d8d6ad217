import { expect, test } from "bun:test";
import { isPortTaken } from "../../../src/procfile/port-probe.ts";

test.each(["127.0.0.1", "0.0.0.0"])("isPortTaken() sees a listener on %s, and that it has gone", (hostname) => {
  const listener = Bun.listen({ hostname, port: 0, socket: { data() {} } });
  const { port } = listener;
  expect(isPortTaken(port)).toBe(true);
  listener.stop(true);
  expect(isPortTaken(port)).toBe(false);
});
