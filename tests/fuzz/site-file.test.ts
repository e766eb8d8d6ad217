import { expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { findSiteFile } from "../../src/apps/plugins/site-file.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { TempDir } from "../support/temp-dir.ts";

const seed = Number(process.env["FUZZ_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

test(`no path leaves a site, whatever it is made of (FUZZ_SEED=${seed})`, () => {
  using dir = new TempDir({
    "site/index.html": "",
    "site/a/index.html": "",
    "site/a/b/file.txt": "",
    "site/.hidden/file.txt": "",
    "sitemore/file.txt": "",
    "file.txt": "",
  });
  symlinkSync("../..", dir.file("site/a/up"));
  symlinkSync("b", dir.file("site/a/same"));
  symlinkSync("/", dir.file("site/root"));
  const parts = [
    "a",
    "b",
    "up",
    "same",
    "root",
    "file.txt",
    "index.html",
    "site",
    "sitemore",
    ".hidden",
    "etc",
    "passwd",
  ];
  const odd = ["", ".", "..", "...", "a/..", "..\\", "\0", "a\0", "%2e%2e", "ü", " ", "*", "~", "-", "\u{1f600}", "/"];
  const random = new SeededRandom(seed);
  const allowed = ["/site/index.html", "/site/a/index.html", "/site/a/b/file.txt"].map(dir.file.bind(dir));
  for (let round = 0; round < 5000; round++) {
    const segments = random.several(6, () => random.pick(random.below(3) === 0 ? odd : parts));
    const target = findSiteFile(dir.file("site"), segments);
    if (target?.kind === "file") expect([segments, allowed]).toEqual([segments, expect.arrayContaining([target.path])]);
  }
  for (const segments of [["a", "b", "file.txt"], ["a", "same", "file.txt"], ["a", ""], ["index.html"], [""]]) {
    expect([segments, findSiteFile(dir.file("site"), segments)?.kind]).toEqual([segments, "file"]);
  }
});
