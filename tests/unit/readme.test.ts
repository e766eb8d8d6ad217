import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { transitions } from "../../src/manager/process-state.ts";

const readme = readFileSync(join(import.meta.dir, "..", "..", "README.md"), "utf8");

/** The table as README prints it: a row a state, a column an input, a dash where the input has no meaning. */
function stateTable(): string {
  const table: Readonly<Record<string, Readonly<Record<string, string>>>> = transitions;
  const inputs = [...new Set(Object.values(table).flatMap((row) => Object.keys(row)))];
  const rows = Object.entries(table).map(([state, row]) => [
    `**${state}**`,
    ...inputs.map((input) => row[input] ?? "–"),
  ]);
  return [["state", ...inputs], inputs.concat("start").map(() => "---"), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

test("README prints the state table that the manager runs on", () => {
  expect(readme).toContain(stateTable());
});
