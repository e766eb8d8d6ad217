import { existsSync } from "node:fs";
import { join } from "node:path";

const built = join(import.meta.dir, "..", "..", "dist", "gaffer");

/**
 * The compiled executable under test.
 *
 * @throws if it was not built: a test of the binary must not quietly test something else.
 */
export function gafferBinary(): string {
  if (!existsSync(built)) throw new Error(`Cannot test ${built}: it is not built (npm run build)`);
  return built;
}
