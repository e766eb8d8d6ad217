import { fileURLToPath } from "node:url";
import { waitFor } from "./wait-for.ts";

const script = fileURLToPath(new URL("../fixtures/websocket-client.py", import.meta.url));

/** A websocket that a plain Python program holds, its standard library only. */
export class PythonWebSocket implements AsyncDisposable {
  readonly #child: Bun.Subprocess<"pipe", "pipe", "inherit">;
  readonly #reading: Promise<void>;
  /** What came, as the program says it. */
  readonly got: unknown[] = [];

  constructor(at: { readonly port: number; readonly path: string }, flags: readonly string[] = []) {
    const argv = ["python3", "-u", script, "127.0.0.1", String(at.port), at.path, ...flags];
    this.#child = Bun.spawn(argv, { stdio: ["pipe", "pipe", "inherit"] });
    this.#reading = this.#read();
  }

  async #read(): Promise<void> {
    let rest = "";
    const decoder = new TextDecoder();
    for await (const chunk of this.#child.stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.got.push(JSON.parse(line));
    }
  }

  /** What it has it send: one line. */
  send(line: string): void {
    void this.#child.stdin.write(`${line}\n`);
    void this.#child.stdin.flush();
  }

  /** Waits until something that came matches, as JSON. */
  async said(pattern: RegExp): Promise<void> {
    await waitFor(
      () => this.got.some((one) => pattern.test(JSON.stringify(one))),
      () => `${pattern} in ${JSON.stringify(this.got)}`,
    );
  }

  /** Waits for its end. */
  async ended(): Promise<unknown> {
    await this.#child.exited;
    await this.#reading;
    return this.got.at(-1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.ended();
  }
}
