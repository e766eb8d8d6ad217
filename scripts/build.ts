/**
 * Compiles `dist/gaffer` for this machine; with `--all`, one executable a platform and their SHA256SUMS.
 * `bun scripts/build.ts [--all] [--outfile PATH]`
 */
import { createHash } from "node:crypto";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";

const root = join(import.meta.dir, "..");
const dist = join(root, "dist");

/** What `--all` builds. Windows is no target: gaffer stands on process groups and /proc. */
const platforms = [
  "linux-x64",
  "linux-arm64",
  "linux-x64-musl",
  "linux-arm64-musl",
  "darwin-x64",
  "darwin-arm64",
] as const;
type Platform = (typeof platforms)[number];

/** The platform this script runs on, in the same words. */
function ownPlatform(): Platform {
  const musl = process.platform === "linux" && Bun.spawnSync(["ldd", "--version"]).stderr.includes("musl");
  const name = `${process.platform}-${process.arch}${musl ? "-musl" : ""}`;
  const platform = platforms.find((known) => known === name);
  if (platform === undefined) throw new Error(`Cannot build gaffer here: ${name} is no target of it`);
  return platform;
}

const git = (...args: string[]): string =>
  Bun.spawnSync(["git", ...args], { cwd: root })
    .stdout.toString()
    .trim();

/** Short hash of the commit built from, with `+` when `src` holds changes that are in no commit. */
function commit(): string {
  const hash = git("rev-parse", "--short=7", "HEAD");
  if (hash === "") return "unknown";
  return git("status", "--porcelain", "--", "src") === "" ? hash : `${hash}+`;
}

async function compile(platform: Platform, outfile: string, version: string): Promise<void> {
  const own = platform === ownPlatform();
  const define = { GAFFER_VERSION: version, GAFFER_COMMIT: commit(), GAFFER_TARGET: platform };
  await Bun.build({
    entrypoints: [join(root, "src", "main.ts")],
    minify: true,
    bytecode: true,
    splitting: true,
    format: "esm",
    define: Object.fromEntries(Object.entries(define).map(([name, value]) => [name, JSON.stringify(value)])),
    compile: {
      outfile,
      ...(own ? {} : { target: `bun-${platform}` as const }),
      // A file that happens to lie where gaffer is started must not change what it does.
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      // Without it a plugin could import no package: where a package begins, its package.json says. It changes nothing else.
      autoloadPackageJson: true,
    },
  });
  console.error(`built ${relative(root, outfile)} (${(Bun.file(outfile).size / 2 ** 20).toFixed(0)} MiB)`);
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of Bun.file(path).stream()) hash.update(chunk);
  return hash.digest("hex");
}

const { values } = parseArgs({ options: { all: { type: "boolean" }, outfile: { type: "string" } } });
const { version } = await Bun.file(join(root, "package.json")).json();
if (values.all) {
  const sums: string[] = [];
  for (const platform of platforms) {
    const name = `gaffer-${version}-${platform}`;
    await compile(platform, join(dist, name), version);
    sums.push(`${await sha256(join(dist, name))}  ${name}\n`);
  }
  await Bun.write(join(dist, "SHA256SUMS"), sums.join(""));
} else {
  await compile(ownPlatform(), values.outfile ?? join(dist, "gaffer"), version);
}
