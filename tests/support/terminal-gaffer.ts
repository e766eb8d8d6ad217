import { gafferBinary } from "./gaffer-binary.ts";
import { waitFor } from "./wait-for.ts";

/** A `gaffer` at a terminal, at which somebody types. */
export class TerminalGaffer implements AsyncDisposable {
  /** Everything that the terminal shows. */
  screen = "";
  readonly child: Bun.Subprocess;

  constructor(args: readonly string[], place: { cwd: string; env?: Record<string, string | undefined> }) {
    const decoder = new TextDecoder();
    this.child = Bun.spawn([gafferBinary(), ...args], {
      cwd: place.cwd,
      env: { ...process.env, NO_COLOR: "1", TERM: "xterm", ...place.env },
      terminal: {
        cols: 120,
        rows: 24,
        data: (_terminal, bytes) => {
          this.screen += decoder.decode(bytes, { stream: true });
        },
      },
    });
  }

  /** Waits until the terminal shows what matches. */
  async shows(pattern: RegExp): Promise<void> {
    await waitFor(
      () => pattern.test(this.screen) || this.child.exitCode !== null,
      () => `${pattern} in ${JSON.stringify(this.screen)}`,
    );
    if (!pattern.test(this.screen)) throw new Error(`it ended with ${this.child.exitCode}: ${this.screen}`);
  }

  /** Types. */
  type(text: string): void {
    this.child.terminal?.write(text);
  }

  /** Its exit code, once all it said is shown. */
  async ended(shown: RegExp): Promise<number | null> {
    await this.child.exited;
    await this.shows(shown);
    return this.child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null) this.child.kill("SIGKILL");
    await this.child.exited;
    this.child.terminal?.close();
  }
}
