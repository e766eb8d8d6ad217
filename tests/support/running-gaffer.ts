import { gafferBinary } from "./gaffer-binary.ts";
import { waitFor } from "./wait-for.ts";

/** A `gaffer` that was started for a test: what it said so far, and its end. */
export class RunningGaffer implements AsyncDisposable {
  readonly child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  stdout = "";
  stderr = "";
  readonly #readers: Promise<unknown>;

  constructor(args: readonly string[], options: { cwd: string; env?: Record<string, string | undefined> }) {
    this.child = Bun.spawn([gafferBinary(), ...args], {
      cwd: options.cwd,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, NO_COLOR: "1", ...options.env },
    });
    this.#readers = Promise.all([
      this.#read(this.child.stdout, (text) => (this.stdout += text)),
      this.#read(this.child.stderr, (text) => (this.stderr += text)),
    ]);
  }

  async #read(stream: ReadableStream<Uint8Array>, take: (text: string) => void): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) take(decoder.decode(chunk, { stream: true }));
  }

  /** Waits until stdout matches, and gives the match. */
  async said(pattern: RegExp): Promise<RegExpExecArray> {
    let found: RegExpExecArray | null = null;
    await waitFor(
      () => (found = pattern.exec(this.stdout)) !== null,
      () => `${pattern} in:\n${this.stdout}\n${this.stderr}`,
    );
    if (found === null) throw new Error("unreachable");
    return found;
  }

  /** Waits for its end and for all it said. */
  async ended(): Promise<{ code: number | null; signal: string | null }> {
    await Promise.all([this.child.exited, this.#readers]);
    return { code: this.child.exitCode, signal: this.child.signalCode === null ? null : String(this.child.signalCode) };
  }

  /** Asks it to stop, as Ctrl-C or an init system does, and waits for its end. */
  stop(signal: NodeJS.Signals = "SIGTERM"): Promise<{ code: number | null; signal: string | null }> {
    this.child.kill(signal);
    return this.ended();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill("SIGTERM");
    await this.ended();
  }
}
