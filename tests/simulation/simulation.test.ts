import { expect, test } from "bun:test";
import { describeFailure, playHistories } from "./play.ts";

const seed = Number(process.env["SEED"] ?? 1);
const histories = Number(process.env["HISTORIES"] ?? 20_000);

test(
  `${histories} random histories from seed ${seed} keep every promise of the manager`,
  async () => {
    const failure = await playHistories({ from: seed, count: histories });
    expect(failure && describeFailure(failure)).toBeUndefined();
  },
  // Its length is how much is looked at, not how fast it must be.
  Math.max(120_000, histories * 20),
);
