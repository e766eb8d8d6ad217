import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { waitFor } from "./wait-for.ts";

/** A page in a real browser without a window; its script says what it sees by `report(value)`. */
export class BrowserPage implements AsyncDisposable {
  /** All that the page has reported, in order. */
  readonly reports: unknown[] = [];
  readonly #server: Bun.Server<undefined>;
  readonly #profile: string = mkdtempSync(join(tmpdir(), "gaffer-browser-"));
  #browser: Bun.Subprocess | undefined;

  constructor() {
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: async (request) => {
        if (request.method === "POST") {
          this.reports.push(await request.json());
          return new Response(null, { status: 204 });
        }
        return new Response(this.#html, { headers: { "content-type": "text/html; charset=utf-8" } });
      },
    });
  }

  #html = "";

  /** Where the page comes from. */
  get origin(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  /** Opens the page. @param script - of a module; what it throws is reported as `{ error }` */
  open(script: string): void {
    const chromium = Bun.which("chromium", { PATH: "/usr/bin:/usr/local/bin" });
    if (chromium === null) throw new Error("there is no chromium (Debian: apt-get install chromium)");
    // One report after the other: each waits for the one before.
    this.#html = `<!doctype html><title>test</title><script>
let last = Promise.resolve();
const report = (value) => (last = last.then(() => fetch("/", { method: "POST", body: JSON.stringify(value) })));
addEventListener("error", (event) => report({ error: event.message }));
addEventListener("unhandledrejection", (event) => report({ error: String(event.reason) }));
</script><script type="module">${script}</script>`;
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"];
    this.#browser = Bun.spawn(
      [chromium, ...flags, `--user-data-dir=${this.#profile}`, "--remote-debugging-port=0", this.origin],
      {
        stdio: ["ignore", "ignore", "ignore"],
        detached: true,
      },
    );
  }

  /** Waits until what it has reported passes. */
  async until(passes: (reports: readonly unknown[]) => boolean): Promise<void> {
    await waitFor(
      () => passes(this.reports),
      () => `a report, after ${JSON.stringify(this.reports.slice(-20))}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const browser = this.#browser;
    if (browser !== undefined) {
      // It leads a group of its own, with all its helpers.
      process.kill(-browser.pid, "SIGKILL");
      await browser.exited;
    }
    await this.#server.stop(true);
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 10 });
  }
}
