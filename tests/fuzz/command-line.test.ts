import { expect, test } from "bun:test";
import { gafferBinary } from "../support/gaffer-binary.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { TempDir } from "../support/temp-dir.ts";

const seed = Number(process.env["GAFFER_FUZZ_SEED"] ?? Date.now() % 2 ** 31);
const rounds = Number(process.env["GAFFER_FUZZ_CALLS"] ?? 120);

/** Ends well, is refused by the world, or is a usage error: never a bug, never a signal. */
const ordinary = new Set<number | null>([0, 1, 2]);

function call(cwd: string, args: readonly string[]): void {
  const { exitCode, signalCode, stdout, stderr } = Bun.spawnSync([gafferBinary(), ...args], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env["PATH"] ?? "" },
  });
  const said = stderr.toString();
  const told = `seed ${seed}: gaffer ${JSON.stringify(args)} ended with ${exitCode ?? signalCode}:\n${said}`;
  if (!ordinary.has(exitCode) || said.includes("bug")) throw new Error(told);
  // What fails says why, on stderr and nowhere else; what succeeds says nothing there.
  expect([exitCode === 0, told]).toEqual([said === "", told]);
  if (exitCode !== 0) expect([said.slice(0, 15), stdout.length]).toEqual(["gaffer: Cannot ", 0]);
}

test(`any command line ends with a word or an answer (seed ${seed})`, () => {
  using dir = new TempDir({ "app/Procfile": "no entry\n", file: "" });
  const random = new SeededRandom(seed);
  // The one Procfile in reach is a bad one, or `start` would run it.
  const words = (
    "start check version help dev:start daemon ctl -f -d -e -c -p -t -h --help --version --json --no-color --color --exit " +
    "--no-restart --procfile --env=A=1 --port=80 -p=1 -cweb=2 -xf -- - --- -= --=x --no- app file /dev/null A=1 =1 web web=2 " +
    "70000 0.5 -1 é \u{1F600} __proto__ constructor --constructor"
  ).split(" ");
  for (let round = 0; round < rounds; round++) {
    const args = random.several(5, () => random.pick([...words, ""]));
    // A daemon would go on and on: it is only checked.
    call(dir.path, args.includes("daemon") ? [...args, "--check"] : args);
  }
});

test(`any bytes for a Procfile and a .env are checked (seed ${seed})`, () => {
  using dir = new TempDir();
  const random = new SeededRandom(seed);
  const pieces = [
    "web",
    ": ",
    "\n",
    "#",
    "'",
    '"',
    "$A",
    "${A",
    "}",
    "\0",
    "\xff",
    "é",
    "|",
    "A=",
    " ",
    "\\",
    "export ",
    "if ",
  ];
  for (let round = 0; round < rounds; round++) {
    for (const file of ["Procfile", ".env"]) {
      const encoding = random.next() < 0.7 ? "utf8" : "latin1";
      dir.write(file, Buffer.from(random.several(12, () => random.pick(pieces)).join(""), encoding));
    }
    call(dir.path, ["check"]);
  }
});
