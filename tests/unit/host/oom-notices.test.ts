import { expect, test } from "bun:test";
import { countsOomKill, oomVictim } from "../../../src/host/oom-notices.ts";

const told = "Killed process 4711 (python3) total-vm:524288kB, anon-rss:262144kB, file-rss:0kB, UID:0 pgtables:600kB";

test("oomVictim() reads the pid that the kernel names, of the whole machine or of one control group", () => {
  expect(oomVictim(`3,812,98765432,-;Out of memory: ${told}`)).toBe(4711);
  expect(oomVictim(`3,813,98765432,-;Memory cgroup out of memory: ${told}\n SUBSYSTEM=x\n`)).toBe(4711);
});

test("oomVictim() takes no other record, nor the word of a program that writes into the log", () => {
  expect(oomVictim("6,814,98765432,-;EXT4-fs (vda): mounted filesystem")).toBeUndefined();
  expect(oomVictim(`12,815,98765432,-;Out of memory: ${told}`)).toBeUndefined();
  expect(oomVictim("")).toBeUndefined();
});

test("countsOomKill() asks for at least one kill", () => {
  expect(countsOomKill("low 0\nhigh 0\nmax 12\noom 1\noom_kill 1\noom_group_kill 0\n")).toBe(true);
  expect(countsOomKill("low 0\nhigh 0\nmax 12\noom 3\noom_kill 0\noom_group_kill 0\n")).toBe(false);
  expect(countsOomKill("")).toBe(false);
});
