import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Chromium } from "../support/chromium.ts";
import { RunningDaemon } from "../support/running-daemon.ts";
import { TempDir } from "../support/temp-dir.ts";

setDefaultTimeout(60_000);

const ATTEMPTS = readFileSync(join(import.meta.dir, "..", "fixtures", "page-attempts.js"), "utf8");
const HTML = `<!doctype html><body><script>${ATTEMPTS}</script>`;
/** Names that lead to this machine. */
const [EVIL, REBOUND] = ["evil.example", "rebound.example"];

describe("a page in a browser", () => {
  let chromium: Chromium;
  let dir: TempDir;
  let daemon: RunningDaemon;
  let elsewhere: Bun.Server<undefined>;
  let pid = 0;
  beforeAll(async () => {
    elsewhere = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => new Response(HTML, { headers: { "content-type": "text/html" } }),
    });
    dir = new TempDir({ "g.ini": `[gaffer]\ncors_origins = http://localhost:${elsewhere.port}\n` });
    [chromium, daemon] = await Promise.all([
      Chromium.start([EVIL, REBOUND]),
      RunningDaemon.start({ args: ["-c", dir.file("g.ini")] }),
    ]);
    await daemon.request("POST /jobs/s?wait=20", { name: "a", cmd: "cat", redirect_input: true });
    pid = Number(Object((await daemon.request("GET /jobs/s/a/pids")).json).pids[0]);
  });
  afterAll(async () => {
    await Promise.all([daemon[Symbol.asyncDispose](), chromium[Symbol.asyncDispose](), elsewhere.stop(true)]);
    dir[Symbol.dispose]();
  });

  /** How a page tries. */
  interface Trial {
    /** The daemon's address; empty = that of the page. */
    readonly base: string;
    readonly planted?: string;
    /** Not to end the daemon. @defaultValue false */
    readonly spare?: boolean;
  }

  /** What a page sees of all it tries. */
  const attempts = async (
    page: string,
    { base, planted, spare = false }: Trial,
  ): Promise<Readonly<Record<string, unknown>>> => {
    const opened = await chromium.open(page, planted);
    const job = `(name) => JSON.stringify({ name, cmd: "sleep 1000" })`;
    const options = `{ base: ${JSON.stringify(base)}, pid: ${pid}, job: ${job}, spare: ${spare} }`;
    return Object(await opened.evaluate(`attempt(${options})`));
  };

  /** The number of the last event. */
  const lastEvent = async (): Promise<string> => {
    const response = await daemon.fetch("/events", {}, "unix");
    for await (const chunk of response.body ?? []) {
      const id = /id: (.*)/.exec(new TextDecoder().decode(chunk))?.[1];
      if (id !== undefined) return id;
    }
    return "";
  };

  /** What of the attempts has come to nothing, if it was refused by the browser or by the daemon. */
  const FOREIGN = {
    "read by fetch": "TypeError",
    "read by fetch with credentials": "TypeError",
    "read by fetch, blind": "opaque 0 ",
    "read by fetch with a header": "TypeError",
    "read by script": "error",
    "read by image": "error",
    "read by style": "error",
    "read by frame": "unreadable",
    "read by event stream": "error",
    "read by websocket": "error",
    "read by websocket of a process": "error",
    "read by websocket of gaffer 0.4": "error",
    "write by fetch, blind": "opaque 0 ",
    "write by fetch": "TypeError",
    "write by fetch of JSON": "TypeError",
    "write by form": "unreadable",
    "write by beacon": true,
    "write by websocket": "error",
    "stop by fetch": "opaque 0 ",
    "unload by fetch": "TypeError",
    "end by fetch": "opaque 0 ",
    "end of beacons": "opaque 0 ",
  };

  for (const [what, page] of [
    ["of another name", () => `http://${EVIL}:${elsewhere.port}/`],
    ["of another port of this address", () => `http://127.0.0.1:${elsewhere.port}/`],
  ] as const) {
    test(`${what} reads nothing and does nothing`, async () => {
      const [before, event] = [await daemon.state(), await lastEvent()];
      for (const base of [`http://${daemon.host}`, `http://localhost:${daemon.port}`]) {
        expect([base, await attempts(page(), { base })]).toEqual([base, FOREIGN]);
      }
      expect([await daemon.state(), await lastEvent()]).toEqual([before, event]);
    });
  }

  test("whose name was made to lead to the daemon is told no, and does nothing", async () => {
    const [before, event] = [await daemon.state(), await lastEvent()];
    const seen = await attempts(`http://${REBOUND}:${daemon.port}/`, { base: "", planted: HTML });
    const no = expect.stringMatching(/^basic 403 \{"error":"forbidden"/);
    expect(seen).toEqual({
      ...FOREIGN,
      "read by fetch": no,
      "read by fetch with credentials": no,
      "read by fetch, blind": no,
      "read by fetch with a header": no,
      "read by frame": expect.stringMatching(/^\{"error":"forbidden"/),
      "write by fetch, blind": no,
      "write by fetch": no,
      "write by fetch of JSON": no,
      "write by form": expect.stringMatching(/^\{"error":"forbidden"/),
      "stop by fetch": no,
      "unload by fetch": no,
      "end by fetch": no,
      "end of beacons": no,
    });
    expect([await daemon.state(), await lastEvent()]).toEqual([before, event]);
  });

  test("of a listed origin reads and writes: the same attempts are no attempts in vain", async () => {
    const seen = await attempts(`http://localhost:${elsewhere.port}/`, {
      base: `http://${daemon.host}`,
      spare: true,
    });
    const listed = expect.stringMatching(/^cors 200 \{"jobs":\["s\.a"\]\}/);
    const loaded = expect.stringMatching(/^cors 200 \{"ok":true,"name":"page\./);
    expect(seen).toMatchObject({
      "read by fetch": listed,
      "read by fetch with credentials": listed,
      "read by fetch with a header": listed,
      "read by event stream": "open",
      "read by websocket": expect.stringContaining('"s.a"'),
      "write by fetch": loaded,
      "write by fetch of JSON": loaded,
      "unload by fetch": expect.stringMatching(/^cors 200 \{"ok":true/),
    });
    const { json } = await daemon.request("GET /jobs/page");
    const names = ["beacon", "blind", "form", "json", "simple"].map((name) => `page.${name}`);
    expect(Object(json).jobs.toSorted()).toEqual(names);
    expect((await daemon.request("GET /jobs/default/socket")).status).toBe(200);
  });
});
