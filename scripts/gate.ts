/**
 * The one gate: every check and every test of the project, in a fresh clone or a working tree.
 * Ends with `N passed, N failed` on a line of its own; each static check counts as one. Exit code 1 when anything failed.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dir, "..");
const bun = process.execPath;
const scratch = mkdtempSync(join(tmpdir(), "gaffer-gate-"));

interface Tally {
  passed: number;
  failed: number;
}

const total: Tally = { passed: 0, failed: 0 };
/** What failed, by name: it is said again at the end, where it is looked for. */
const failures: string[] = [];

// The tools of root lie there on Debian, and not every caller's PATH leads there.
const PATH = `${process.env["PATH"] ?? "/usr/bin:/bin"}:/usr/local/sbin:/usr/sbin:/sbin`;

async function run(command: readonly string[]): Promise<number> {
  const started = Date.now();
  console.log(`\n=== ${command.map((word) => word.replace(`${root}/`, "")).join(" ")}`);
  const child = Bun.spawn([...command], {
    cwd: root,
    env: { ...process.env, PATH },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const code = await child.exited;
  console.log(`=== ${code === 0 ? "ok" : `FAILED (${code})`} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  return code;
}

/** A check that either holds or does not. */
async function check(...command: string[]): Promise<void> {
  const code = await run(command);
  if (code === 0) {
    total.passed++;
    return;
  }
  total.failed++;
  failures.push(command.slice(1).join(" "));
}

/** A folder of tests; one that ran nothing, or ended badly with every test green (a leak), has failed. */
async function tests(folder: string): Promise<void> {
  const report = join(scratch, `${folder}.xml`);
  const code = await run([bun, "test", `./tests/${folder}/`, "--reporter=junit", `--reporter-outfile=${report}`]);
  const xml = await Bun.file(report)
    .text()
    .catch(() => "");
  const count = (name: string): number => Number(new RegExp(`<testsuites[^>]*\\b${name}="(\\d+)"`).exec(xml)?.[1] ?? 0);
  const failed = count("failures") + count("errors");
  const names = [...xml.matchAll(/<testcase name="([^"]*)"[^>]*file="([^"]*)"[^>]*>\s*<(?:failure|error)/g)];
  failures.push(...names.map(([, name, file]) => `${file}: ${name}`));
  total.passed += count("tests") - failed - count("skipped");
  if (failed > 0 || (code === 0 && count("tests") > 0)) {
    total.failed += failed;
    return;
  }
  total.failed++;
  failures.push(`tests/${folder}: it ended with code ${code} and ${count("tests")} tests`);
}

/** What the tests' children are written in, besides sh: Debian's packages by the command they bring. */
async function installTools(): Promise<void> {
  const tools = {
    "/usr/bin/python3": "python3",
    setpriv: "util-linux",
    useradd: "passwd",
    openssl: "openssl",
    curl: "curl",
    chromium: "chromium",
  };
  const missing = Object.entries(tools).filter(([tool]) => Bun.which(tool, { PATH }) === null);
  if (missing.length === 0) return;
  await run(["apt-get", "update", "-qq"]);
  await run(["apt-get", "install", "-y", "-qq", ...missing.map(([, debian]) => debian)]);
}

await installTools();
await check(bun, "fmt", "--check", "src", "tests", "scripts");
await check(bun, "check");
await check(join(root, "node_modules", ".bin", "oxlint"), "--type-aware", "src", "tests", "scripts");
await check(bun, "scripts/check-docs.ts");
await check(bun, "scripts/build.ts");
for (const folder of ["unit", "fuzz", "simulation", "integration", "e2e", "browser"]) await tests(folder);

rmSync(scratch, { recursive: true });
if (failures.length > 0) console.log(`\nFAILED:\n${failures.join("\n")}`);
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;
