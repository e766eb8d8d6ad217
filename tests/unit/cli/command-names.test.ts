import { expect, test } from "bun:test";
import { commandOfProgram, resolveCommand } from "../../../src/cli/command-names.ts";
import { thrownBy } from "../../support/thrown-by.ts";

test.each([
  ["start", "start"],
  ["dev:start", "start"],
  ["check", "check"],
  ["version", "version"],
  ["help", "help"],
] as const)("resolveCommand(%j) is %s", (word, name) => {
  expect(resolveCommand(word)).toBe(name);
});

test.each(["lookupd", "lookup:nodes", "kernel", "completion"])(
  "resolveCommand(%j) says that it is not part of this version",
  (word) => {
    const { code, message } = thrownBy(() => resolveCommand(word));
    expect(code).toBe("usage");
    expect(message).toStartWith(`Cannot run ${JSON.stringify(word)}: it is not part of this version yet; there is `);
  },
);

test.each([
  ["strat", ' (did you mean "start"?)'],
  ["toString", ""],
  ["constructor", ""],
  ["", ""],
])("resolveCommand(%j) says that there is no such command", (word, near) => {
  expect(thrownBy(() => resolveCommand(word)).message).toBe(
    `Cannot run ${JSON.stringify(word)}: there is no such command${near}; see "gaffer help"`,
  );
});

test.each([
  ["/usr/bin/gafferd", "daemon"],
  ["gafferctl", "ctl"],
  ["./gaffer_lookupd", "lookupd"],
  ["/usr/bin/gaffer", undefined],
  ["bun", undefined],
])("commandOfProgram(%j) is %p", (argv0, name) => {
  expect(commandOfProgram(argv0)).toBe(name);
});
