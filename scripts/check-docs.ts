/** Fails when an export of `src/` has no doc comment right above it. Re-exports are documented where they are declared. */
import { Glob } from "bun";

const root = `${import.meta.dir}/..`;
const missing: string[] = [];

for (const file of [...new Glob("src/**/*.ts").scanSync(root)].toSorted()) {
  const lines = (await Bun.file(`${root}/${file}`).text()).split("\n");
  for (const [index, line] of lines.entries()) {
    if (!/^export (?!\{|\*|type \{)/.test(line)) continue;
    const above = lines[index - 1]?.trim() ?? "";
    const isOverload = above.startsWith("export function") && line.startsWith("export function");
    if (!above.endsWith("*/") && !isOverload) missing.push(`${file}:${index + 1}: ${line.trim()}`);
  }
}

for (const place of missing) console.error(`not documented: ${place}`);
process.exitCode = missing.length > 0 ? 1 : 0;
