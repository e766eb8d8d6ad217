// Runs a script of this project with the pinned Bun, on a machine that has only Node and npm.
// Plain Node on purpose: it is what runs before Bun is there. The pin is `packageManager` in package.json.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const version = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).packageManager.replace(/^bun@/, "");
const toolchain = join(root, "node_modules", ".toolchain");
const bunHome = join(toolchain, "node_modules", "bun");

/** Runs a command to its end with our streams; a failure ends this script with the same code. */
function run(command, args, env = process.env) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit", env });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

const isPinned = (bun) => spawnSync(bun, ["--version"], { encoding: "utf8" }).stdout?.trim() === version;

/** The pinned Bun: the one that runs us, the one on the PATH, or one installed beside our packages. */
function findBun() {
  const installed = join(bunHome, "bin", "bun.exe");
  for (const bun of [installed, "bun"]) if (isPinned(bun)) return bun;
  console.error(`installing bun ${version}`);
  mkdirSync(toolchain, { recursive: true });
  writeFileSync(join(toolchain, "package.json"), "{}\n");
  run("npm", [
    "install",
    "--prefix",
    toolchain,
    "--no-package-lock",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
    `bun@${version}`,
  ]);
  // npm may hold back install scripts; Bun's own only puts the right binary in place.
  if (!isPinned(installed)) run(process.execPath, [join(bunHome, "install.js")]);
  return installed;
}

const bun = findBun();
const path = `${join(bun, "..")}:${join(root, "node_modules", ".bin")}:${process.env.PATH}`;
// A few milliseconds when everything is there already.
run(bun, ["install", "--frozen-lockfile", "--silent"]);
const [script, ...args] = process.argv.slice(2);
const env = { ...process.env, PATH: path, GAFFER_BUN: bun };
const { status, signal } = spawnSync(bun, ["--no-env-file", script, ...args], { cwd: root, stdio: "inherit", env });
process.exitCode = status ?? (signal ? 1 : 70);
