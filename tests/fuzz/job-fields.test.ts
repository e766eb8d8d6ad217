import { expect, test } from "bun:test";
import { GafferError } from "../../src/base/gaffer-error.ts";
import { describeJob, JOB_FIELDS } from "../../src/manager/job-fields.ts";
import { readJobFields } from "../../src/manager/job-reader.ts";
import { resolveJob } from "../../src/manager/job-settings.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const seed = Number(process.env["FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const names = [...JOB_FIELDS.map(({ name }) => name), "custom_channels", "__proto__", "toString", "numproceses", ""];
const texts = [
  "",
  "a",
  "0",
  "3",
  "50m",
  "a b",
  "'",
  "2, 1., 7., 5",
  "TERM",
  "always",
  "never",
  "\0",
  "x:y",
  "é",
  "5:unlimited",
  "=",
];
const numbers = [0, 1, -1, 0.5, 15, 65, 1e9, 1e21, 2 ** 53, -0, 2_147_483.6471];

function value(random: SeededRandom, depth = 0): unknown {
  const kind = random.below(depth > 2 ? 4 : 6);
  if (kind === 0) return random.pick(texts);
  if (kind === 1) return random.pick(numbers);
  if (kind === 2) return random.next() < 0.5;
  if (kind === 3) return random.pick([null, "serve", "web"]);
  if (kind === 4) return random.several(3, () => value(random, depth + 1));
  const keys = ["attempts", "window", "retry_in", "max_retry", "nofile", "CORE", "A", "A=B", "__proto__", ""];
  return Object.fromEntries(random.several(4, () => [random.pick(keys), value(random, depth + 1)]));
}

test(`any JSON for a job is read whole or refused (seed ${seed})`, () => {
  const random = new SeededRandom(seed);
  const count = { accepted: 0, refused: 0 };
  for (let round = 0; round < 30_000; round++) {
    const fields = Object.fromEntries(random.several(2, () => [random.pick(names), value(random)]));
    const job: unknown = random.next() < 0.02 ? value(random) : { name: "web", cmd: "serve", ...fields };
    try {
      const config = resolveJob(readJobFields(job));
      count.accepted++;
      const described: unknown = JSON.parse(JSON.stringify(describeJob(config)));
      expect(resolveJob(readJobFields(described))).toEqual(config);
    } catch (error) {
      if (!(error instanceof GafferError) || error.code !== "job_invalid")
        throw new Error(`seed ${seed}: ${JSON.stringify(job)}`, { cause: error });
      expect(error.message).toMatch(/^Cannot load (?:a job|job "[\w.]+"): ./);
      count.refused++;
    }
  }
  expect([count.accepted > 3000, count.refused > 3000]).toEqual([true, true]);
});
