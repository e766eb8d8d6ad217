import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };
import { RunningDaemon } from "../support/running-daemon.ts";
import { TempDir } from "../support/temp-dir.ts";

const root = join(import.meta.dir, "..", "..");

/** Runs a command to its end. @returns what it said on stdout @throws with what it said on stderr, if it fails */
async function run(argv: readonly string[], cwd: string, more: Readonly<Record<string, string>> = {}): Promise<string> {
  const env = { ...process.env, NODE_ENV: undefined, ...more };
  const child = Bun.spawn([...argv], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const [text, problem, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (code !== 0) throw new Error(`${argv.join(" ")}: ${code} ${problem}`);
  return text;
}

/** A project of somebody else's, who has installed the library. */
const project = new TempDir();
const installed = project.file("node_modules/gaffer");

beforeAll(async () => {
  const packed = await run(["npm", "pack", "--ignore-scripts", "--silent", "--pack-destination", project.path], root);
  mkdirSync(installed, { recursive: true });
  await run(["tar", "-xzf", project.file(packed.trim()), "-C", installed, "--strip-components", "1"], project.path);
  for (const name of Object.keys(packageJson.dependencies)) {
    const to = project.file(`node_modules/${name}`);
    mkdirSync(join(to, ".."), { recursive: true });
    symlinkSync(join(root, "node_modules", name), to);
  }
});
afterAll(() => project[Symbol.dispose]());

test("what npm packs is the sources and what is told of them", () => {
  expect(readdirSync(installed).toSorted()).toEqual(["CHANGELOG.md", "README.md", "package.json", "src"]);
});

test("the httpclient example runs from it, over TCP and over a unix socket", async () => {
  const example = await Bun.file(join(root, "tests", "fixtures", "sdk", "httpclient.ts")).text();
  project.write("httpclient.ts", example);
  await using daemon = await RunningDaemon.start();
  for (const address of [`http://${daemon.host}`, `unix:${daemon.socket}`]) {
    const said = await run([process.execPath, "httpclient.ts", address, "sleep 1000"], project.path);
    expect(said).toBe("default.dummy false 0\ntrue 1\n3 3\nfalse 0\n[]\n");
  }
});

test("the example of README runs from it", async () => {
  const readme = await Bun.file(join(root, "README.md")).text();
  const [, example = ""] = /## Client library[\s\S]*?```ts\n([\s\S]*?)```/.exec(readme) ?? [];
  project.write("example.ts", example);
  await using daemon = await RunningDaemon.start();
  const said = await run([process.execPath, "example.ts"], project.path, { GAFFER_ENDPOINT: `unix:${daemon.socket}` });
  expect(said).toBe("1\n3\nhello\nstopped shop.cat\n");
});

test("the whole library can be imported from it", async () => {
  project.write("names.ts", 'import * as gaffer from "gaffer"; console.log(Object.keys(gaffer).join(" "));');
  const names = (await run([process.execPath, "names.ts"], project.path)).trim().split(" ");
  expect(names).toContain("Server");
  expect(names).toContain("Manager");
  expect(names).toContain("GafferSocket");
});
