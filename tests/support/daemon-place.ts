import { RunningGaffer } from "./running-gaffer.ts";
import { type GafferEnd, runGaffer } from "./gaffer-run.ts";
import { TempDir } from "./temp-dir.ts";
import { waitFor } from "./wait-for.ts";

/** A folder and a unix socket where one daemon after the other lives, and the commands that talk to it. */
export class DaemonPlace implements AsyncDisposable {
  readonly dir: TempDir;
  readonly #args: readonly string[];
  #daemon: RunningGaffer | undefined;

  /** @param args - more arguments of each `gaffer daemon`. */
  constructor(files: Readonly<Record<string, string>> = {}, args: readonly string[] = []) {
    this.dir = new TempDir(files);
    this.#args = args;
  }

  get endpoint(): string {
    return `unix:${this.dir.file("g.sock")}`;
  }

  /** The daemon of now. */
  get daemon(): RunningGaffer {
    if (this.#daemon === undefined) throw new Error("no daemon was started");
    return this.#daemon;
  }

  /** Starts a daemon and waits until it listens. */
  async start(): Promise<void> {
    const own = ["--bind", this.endpoint, "--state-dir", this.dir.file("state")];
    const daemon = new RunningGaffer(["daemon", ...own, ...this.#args], { cwd: this.dir.path });
    this.#daemon = daemon;
    await waitFor(
      () => daemon.stderr.includes("listening on unix:") || daemon.child.exitCode !== null,
      () => daemon.stderr,
    );
    if (daemon.child.exitCode !== null) throw new Error(`it ended with ${daemon.child.exitCode}:\n${daemon.stderr}`);
  }

  /** Ends the daemon and starts the next one. */
  async replace(signal: NodeJS.Signals): Promise<void> {
    await this.daemon.stop(signal);
    await this.start();
  }

  /** Runs a command to its end, in the folder or one below it. */
  run(
    args: readonly string[],
    at: { readonly cwd?: string; readonly input?: string | Uint8Array } = {},
  ): Promise<GafferEnd> {
    const { cwd = "", ...rest } = at;
    return runGaffer(args, { ...rest, cwd: this.dir.file(cwd), endpoint: this.endpoint });
  }

  /** `gaffer ctl …`, to its end. */
  ctl(...args: string[]): Promise<GafferEnd> {
    return this.run(["ctl", ...args]);
  }

  /** What a command says on stdout. @throws if it does not end with 0 */
  async said(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(args);
    if (code !== 0) throw new Error(`gaffer ${args.join(" ")}: ${code} ${stdout}${stderr}`);
    return stdout;
  }

  /** What a command says, as JSON. */
  async json(...args: string[]): Promise<unknown> {
    return JSON.parse(await this.said(...args, "--json"));
  }

  /** Waits until what a command says passes. */
  async until(passes: (text: string) => boolean, ...args: string[]): Promise<string> {
    const limit = Date.now() + 20_000;
    for (;;) {
      const text = await this.said(...args);
      if (passes(text)) return text;
      if (Date.now() > limit) throw new Error(`never came from ${args.join(" ")}, last ${text}`);
    }
  }

  /** A command that goes on, such as one that follows. */
  following(...args: string[]): RunningGaffer {
    return new RunningGaffer(args, { cwd: this.dir.path, env: { GAFFER_ENDPOINT: this.endpoint } });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon?.[Symbol.asyncDispose]();
    this.dir[Symbol.dispose]();
  }
}
