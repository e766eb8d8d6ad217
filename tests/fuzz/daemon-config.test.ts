import { describe, expect, test } from "bun:test";
import { GafferError } from "../../src/base/gaffer-error.ts";
import { describeConfig } from "../../src/config/describe-config.ts";
import { loadDaemonConfig } from "../../src/config/load-daemon-config.ts";
import { resolveJob } from "../../src/manager/job-settings.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { TempDir } from "../support/temp-dir.ts";

const seed = Number(process.env["FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const rounds = 1500;

const goodIni = `[gaffer]
bind = 127.0.0.1:0, unix:run/g.sock
log_level = debug
output_memory = 64m
; a comment
[endpoint:public]
bind = [::1]:5001
[webhooks]
secret_file = hook.secret
job.test.web.exit = https://u:p@ops.example/a?b, http://[::1]:1/ secret_file=
[process:test:web]
cmd = ./web.py "a b" \${HOME}
args = -v
numprocesses = 2
flapping = 2, 1., 7., 5
redirect_output = stdout, stderr
env:PORT = 80
[env:test:web]
host: here
  and there
`;
const goodToml = `[gaffer]
bind = ["127.0.0.1:0", "unix:run/g.sock"]
log_level = "debug"
output_memory = "64m"
# a comment
[webhooks]
job.test.web.exit = ["https://ops.example/a", { url = "http://h/", secret_file = "hook.secret" }]
"." = "https://audit.example/ secret_file=hook.secret"
[endpoint.public]
bind = "[::1]:5001"
[process.test.web]
cmd = './web.py "a b" \${HOME}'
args = ["-v"]
numprocesses = 2
flapping = { attempts = 2, window = 1.0 }
env = { PORT = 80 }
[process.test.web.rlimits]
nofile = "5:unlimited"
[env.test.web]
host = """here
and there"""
`;
const pieces = [
  ...Array.from("[]{}=:.;#,'\"\\\n\t $%\0\uFEFF\r0-"),
  "[process:a]\n",
  "[process.a]\n",
  "cmd = x\n",
  '"""',
  "'''",
  "env:",
  "__proto__",
  "constructor = 1\n",
  "\u{1F642}",
  "1e999",
  "include = g.ini\n",
];

/** The text with a few pieces put in, taken out and doubled. */
function mangle(good: string, random: SeededRandom): string {
  let text = good;
  for (let change = random.below(3); change >= 0; change--) {
    const at = random.below(text.length + 1);
    const cut = random.next() < 0.5 ? random.below(12) : 0;
    text = text.slice(0, at) + (random.next() < 0.7 ? random.pick(pieces) : "") + text.slice(at + cut);
  }
  return text;
}

/** A configuration, or an error that says where and what: nothing else may come of any file. */
function attempt(path: string): "accepted" | "refused" {
  try {
    const config = loadDaemonConfig(path, { env: { HOME: "/root" } });
    // What is accepted is whole: a manager takes its jobs, and it can be shown.
    for (const job of config.jobs) resolveJob(job);
    expect(describeConfig(config)).toContain("[gaffer]");
    return "accepted";
  } catch (error) {
    if (!(error instanceof GafferError) || error.code !== "config_invalid") throw error;
    expect(error.message).toMatch(
      /^Cannot use the configuration: (?:(?:at least )?\d+ problems\n {2})?\S*g\.\w+:\d+:\d+: ./,
    );
    return "refused";
  }
}

const kinds: readonly [name: string, good: string][] = [
  ["g.ini", goodIni],
  ["g.toml", goodToml],
];

describe.each(kinds)("%s", (name, good) => {
  test(`mangled (seed ${seed})`, () => {
    using dir = new TempDir({ [name]: good, "hook.secret": "a secret" });
    const random = new SeededRandom(seed);
    const count = { accepted: 0, refused: 0 };
    expect(attempt(dir.file(name))).toBe("accepted");
    for (let round = 0; round < rounds; round++) {
      const text = mangle(good, random);
      try {
        count[attempt(dir.write(name, text))]++;
      } catch (error) {
        throw new Error(`seed ${seed}, round ${round}: ${JSON.stringify(text)}`, { cause: error });
      }
    }
    // A fuzz that only ever sees one side of a parser looks at nothing.
    expect([count.accepted > rounds / 100, count.refused > rounds / 100]).toEqual([true, true]);
  });

  test(`with bytes changed (seed ${seed})`, () => {
    using dir = new TempDir();
    const random = new SeededRandom(seed);
    for (let round = 0; round < rounds / 3; round++) {
      const bytes = random.next() < 0.3 ? Buffer.alloc(random.below(400)) : Buffer.from(good);
      const changes = bytes.length === 0 ? 0 : random.next() < 0.3 ? bytes.length : random.below(4);
      for (let change = 0; change < changes; change++) bytes[random.below(bytes.length)] = random.below(256);
      attempt(dir.write(name, bytes));
    }
  });

  const size = 1_000_000;
  const texts = [
    "\n",
    " ",
    "x",
    "x\n",
    "x=1\n",
    "[",
    "[a]\n",
    "a.",
    "a={",
    "a=[",
    "\\",
    '"',
    "'",
    '"""',
    "=",
    "#",
    "[process.a]\n",
  ];
  test.each(texts)("of a megabyte of %j is read or refused, and soon", (piece) => {
    using dir = new TempDir();
    const fill = piece.repeat(Math.floor(size / piece.length));
    const inside = [
      "",
      "[gaffer]\n",
      "[process.a]\ncmd = ",
      "[process.a]\ncmd = '",
      "[process.a]\nenv = {",
      "[env.a]\n  x = ",
    ];
    for (const before of inside) attempt(dir.write(name, (before + fill).slice(0, size)));
  });
});
