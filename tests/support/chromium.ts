import { TempDir } from "./temp-dir.ts";
import { waitFor } from "./wait-for.ts";

/** A message of the DevTools protocol. */
interface Message {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

type Params = Readonly<Record<string, unknown>>;
type Result = Readonly<Record<string, unknown>>;

/**
 * A headless Chromium, spoken to by its DevTools protocol.
 *
 * @see https://chromedevtools.github.io/devtools-protocol/
 */
export class Chromium implements AsyncDisposable {
  readonly #profile = new TempDir();
  readonly #child: Bun.Subprocess<"ignore", "ignore", "pipe">;
  readonly #waiting = new Map<number, PromiseWithResolvers<Result>>();
  readonly #listeners = new Set<(message: Message) => void>();
  #stderr = "";
  #socket: WebSocket | undefined;
  #lastId = 0;

  /** @param names - hosts that are this machine, whatever the network says. */
  private constructor(names: readonly string[]) {
    const rules = names.map((name) => `MAP ${name} 127.0.0.1`).join(", ");
    // What newer browsers keep from pages by themselves must not hide what the server would have said.
    const guards = "LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests,PrivateNetworkAccessSendPreflights";
    const flags = [
      `--disable-features=${guards}`,
      "--headless",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--no-first-run",
      "--mute-audio",
    ];
    // Root's Chromium has no sandbox; it visits nobody but us.
    const own = ["--no-sandbox", `--user-data-dir=${this.#profile.path}`, `--host-resolver-rules=${rules}`];
    this.#child = Bun.spawn(["chromium", ...flags, ...own, "--remote-debugging-port=0", "about:blank"], {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, HOME: this.#profile.path },
    });
    void this.#read();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.#child.stderr) this.#stderr += decoder.decode(chunk, { stream: true });
  }

  /** Starts one. @param names - hosts that are this machine, whatever the network says */
  static async start(names: readonly string[]): Promise<Chromium> {
    const chromium = new Chromium(names);
    try {
      const address = /DevTools listening on (ws:\S+)/;
      await waitFor(
        () => address.test(chromium.#stderr) || chromium.#child.exitCode !== null,
        () => chromium.#stderr,
      );
      await chromium.#connect(address.exec(chromium.#stderr)?.[1] ?? "");
      return chromium;
    } catch (error) {
      await chromium[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #connect(address: string): Promise<void> {
    const socket = new WebSocket(address);
    this.#socket = socket;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("close", () => reject(new Error(`no Chromium: ${this.#stderr}`)));
    socket.addEventListener("message", ({ data }) => this.#take(JSON.parse(String(data))));
    await promise;
  }

  #take(message: Message): void {
    const waiting = message.id === undefined ? undefined : this.#waiting.get(message.id);
    if (waiting === undefined) for (const listener of this.#listeners) listener(message);
    else if (message.error === undefined) waiting.resolve(message.result ?? {});
    else waiting.reject(new Error(message.error.message));
  }

  /** Carries one method out. @internal */
  async call(method: string, params: Params = {}, sessionId?: string): Promise<Result> {
    const id = ++this.#lastId;
    const waiting = Promise.withResolvers<Result>();
    this.#waiting.set(id, waiting);
    this.#socket?.send(JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) }));
    try {
      return await waiting.promise;
    } finally {
      this.#waiting.delete(id);
    }
  }

  /** Hears what happens. @internal @returns ends that */
  listen(listener: (message: Message) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Opens a page.
   *
   * @param planted - HTML that is given for this URL in place of what its server would say: as if the name had led elsewhere then.
   */
  async open(url: string, planted?: string): Promise<ChromiumPage> {
    const { targetId } = await this.call("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.call("Target.attachToTarget", { targetId, flatten: true });
    const page = new ChromiumPage(this, String(sessionId));
    await page.goTo(url, planted);
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill("SIGTERM");
    await this.#child.exited;
    this.#socket?.close();
    this.#profile[Symbol.dispose]();
  }
}

/** A page of a {@link Chromium}. */
export class ChromiumPage {
  readonly #chromium: Chromium;
  readonly #session: string;

  constructor(chromium: Chromium, session: string) {
    this.#chromium = chromium;
    this.#session = session;
  }

  #call(method: string, params: Params = {}): Promise<Result> {
    return this.#chromium.call(method, params, this.#session);
  }

  /** @internal */
  async goTo(url: string, planted: string | undefined): Promise<void> {
    const { promise: loaded, resolve } = Promise.withResolvers<void>();
    const end = this.#chromium.listen(({ sessionId, method, params = {} }) => {
      if (sessionId !== this.#session) return;
      if (method === "Page.loadEventFired") resolve();
      if (method === "Fetch.requestPaused") void this.#plant(String(params["requestId"]), planted ?? "");
    });
    await this.#call("Page.enable");
    if (planted !== undefined) await this.#call("Fetch.enable", { patterns: [{ urlPattern: url }] });
    await this.#call("Page.navigate", { url });
    await loaded;
    if (planted !== undefined) await this.#call("Fetch.disable");
    end();
  }

  async #plant(requestId: string, html: string): Promise<void> {
    const responseHeaders = [{ name: "content-type", value: "text/html" }];
    await this.#call("Fetch.fulfillRequest", { requestId, responseCode: 200, responseHeaders, body: btoa(html) });
  }

  /** What an expression comes to in the page, once its promise is settled. @throws what the page throws */
  async evaluate(expression: string): Promise<unknown> {
    const options = { awaitPromise: true, returnByValue: true, userGesture: true };
    const { result, exceptionDetails } = await this.#call("Runtime.evaluate", { expression, ...options });
    if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
    return Object(result).value;
  }
}
