import { expect, test } from "bun:test";
import { wantsColour } from "../../../src/cli/colour.ts";

test.each<[boolean, { refused?: boolean; terminal?: boolean; env?: Record<string, string> }]>([
  [true, { terminal: true }],
  [false, { terminal: false }],
  [false, { terminal: true, refused: true }],
  [false, { terminal: true, env: { NO_COLOR: "1" } }],
  [true, { terminal: true, env: { NO_COLOR: "" } }],
  [false, { terminal: true, env: { TERM: "dumb" } }],
  [true, { env: { FORCE_COLOR: "1" } }],
  [true, { env: { CLICOLOR_FORCE: "1", TERM: "dumb" } }],
  [false, { terminal: true, env: { FORCE_COLOR: "0" } }],
  [false, { env: { FORCE_COLOR: "1", NO_COLOR: "1" } }],
  [false, { refused: true, env: { FORCE_COLOR: "1" } }],
])("wantsColour() is %p for %j", (expected, { refused = false, terminal = false, env = {} }) => {
  expect(wantsColour({ refused, terminal, env })).toBe(expected);
});
