import type { Report } from "./operation.ts";

/** Answers those who wait for a job to come to rest, each once. */
export class Settlement {
  readonly #report: () => Omit<Report, "killed">;
  #waiting: { readonly resolve: (report: Report) => void; readonly killed: string[] }[] = [];

  constructor(report: () => Omit<Report, "killed">) {
    this.#report = report;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  wait(): Promise<Report> {
    return new Promise((resolve) => this.#waiting.push({ resolve, killed: [] }));
  }

  /** Notes for those who wait that a process had to be killed. */
  killed(label: string): void {
    for (const { killed } of this.#waiting) if (!killed.includes(label)) killed.push(label);
  }

  /** Answers everybody who waits. */
  settle(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    const report = this.#report();
    for (const { resolve, killed } of waiting) resolve({ ...report, killed });
  }
}
