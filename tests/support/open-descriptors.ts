import { readdirSync, readlinkSync } from "node:fs";

/** What the open descriptors of this process that are pipes point to; a test's leak check compares before and after. */
export function openPipes(): string[] {
  return readdirSync("/proc/self/fd")
    .flatMap((fd) => {
      try {
        return [`${fd} ${readlinkSync(`/proc/self/fd/${fd}`)}`];
      } catch (error) {
        // The descriptor of the listing itself is closed by now.
        if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
        throw error;
      }
    })
    .filter((line) => line.includes("pipe:"));
}
