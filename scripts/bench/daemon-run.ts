import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A daemon of its own for a measurement: nothing of it is left afterwards. */
export class DaemonRun implements AsyncDisposable {
  readonly folder: string = mkdtempSync(join(tmpdir(), "gaffer-bench-daemon-"));
  readonly socket: string = join(this.folder, "gaffer.sock");
  readonly #child: Bun.Subprocess;

  /**
   * @param jobs - text of the configuration below `[gaffer]`.
   * @param tcp - where it listens besides its unix socket. @defaultValue nowhere
   */
  constructor(gaffer: string, jobs: string, tcp?: string) {
    const config = join(this.folder, "gaffer.ini");
    const more = tcp === undefined ? "" : `, ${tcp}`;
    writeFileSync(config, `[gaffer]\nbind = unix:${this.socket}${more}\n\n${jobs}`);
    this.#child = Bun.spawn([gaffer, "daemon", "-c", config, "--state-dir", join(this.folder, "state")], {
      stdio: ["ignore", "ignore", "ignore"],
      env: process.env,
    });
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Asks its API. */
  async ask(path: string, init: RequestInit = {}): Promise<string> {
    for (;;) {
      try {
        return await (await fetch(`http://localhost${path}`, { ...init, unix: this.socket })).text();
      } catch (error) {
        if (this.#child.exitCode !== null) throw error;
        await Bun.sleep(10);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.exited;
    rmSync(this.folder, { recursive: true, force: true });
  }
}
