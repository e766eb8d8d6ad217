import { readFileSync } from "node:fs";
import { join } from "node:path";

const path = join(import.meta.dir, "..", "fixtures", "child-view.sh");

/** The command of a child that says what it was given; {@link ChildView} reads it. Its arguments are fixed. */
export const viewer: readonly string[] = ["/bin/sh", "-c", readFileSync(path, "utf8")];

/** Names of /proc/PID/status that differ between any two processes, or are looked at apart. */
const volatile =
  /^(Pid|Tgid|Ngid|PPid|NS.*|Vm.*|Rss.*|Hugetlb.*|FDSize|.*ctxt_switches|Sig(Q|Pnd)|State|Groups|Speculation.*)$/;

/** What a child says it was given: its ids, signals, limits, environment and descriptors. */
export class ChildView {
  readonly #lines: readonly string[];

  constructor(text: string) {
    this.#lines = text.split("\n");
  }

  #all(kind: string): string[] {
    return this.#lines.filter((line) => line.startsWith(`${kind} `)).map((line) => line.slice(kind.length + 1));
  }

  /** A field of /proc/PID/status. */
  status(name: string): string {
    const line = this.#all("status").find((one) => one.startsWith(`${name}:`));
    if (line === undefined) throw new Error(`no ${name} in:\n${this.#lines.join("\n")}`);
    return line
      .slice(name.length + 1)
      .trim()
      .replaceAll("\t", " ");
  }

  /** All of /proc/PID/status that a launch has a say in. */
  get statuses(): Record<string, string> {
    const names = this.#all("status").map((line) => line.slice(0, line.indexOf(":")));
    return Object.fromEntries(names.filter((name) => !volatile.test(name)).map((name) => [name, this.status(name)]));
  }

  /** Pid, group and session. */
  get ids(): { readonly pid: number; readonly pgid: number; readonly sid: number } {
    const stat = this.#all("stat")[0] ?? "";
    const [, , pgid, sid] = stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number);
    return { pid: Number.parseInt(stat, 10), pgid: pgid ?? 0, sid: sid ?? 0 };
  }

  /** The limits, by the kernel's long name, as `soft hard`. */
  get limits(): Record<string, string> {
    const rows = this.#all("limit").flatMap((line) => {
      const found = /^(Max .*?) {2,}(\S+) +(\S+)/.exec(line);
      return found === null ? [] : [[found[1] ?? "", `${found[2]} ${found[3]}`] as const];
    });
    return Object.fromEntries(rows);
  }

  get env(): Record<string, string> {
    return Object.fromEntries(
      this.#all("env").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
    );
  }

  get args(): readonly string[] {
    return this.#all("arg");
  }

  get cwd(): string {
    return this.#all("cwd")[0] ?? "";
  }

  /** Open descriptors by number: what kind of file, and ` nonblocking` when reading or writing it never waits. */
  get descriptors(): Record<string, string> {
    const rows = this.#all("fd").map((line) => {
      const [number = "", flags = "", ...kind] = line.split(" ");
      return [number, kind.join(" ") + ((Number.parseInt(flags, 8) & 0o4000) === 0 ? "" : " nonblocking")] as const;
    });
    return Object.fromEntries(rows);
  }
}
