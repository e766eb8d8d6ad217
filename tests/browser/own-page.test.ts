import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { Chromium, type ChromiumPage } from "../support/chromium.ts";
import { CuttingProxy } from "../support/cutting-proxy.ts";
import { RunningDaemon } from "../support/running-daemon.ts";

setDefaultTimeout(60_000);

/** Puts what comes of a source into `heard`. */
const LISTEN = `
  globalThis.heard = [];
  globalThis.listen = (url, kinds) => {
    globalThis.source = new EventSource(url);
    for (const kind of ["open", ...kinds]) {
      source.addEventListener(kind, ({ lastEventId, data }) => heard.push([kind, lastEventId, data]));
    }
  };
  globalThis.connect = (path) => {
    globalThis.socket = new WebSocket("ws://" + location.host + path);
    socket.binaryType = "arraybuffer";
    for (const kind of ["open", "close"]) socket.addEventListener(kind, ({ code }) => heard.push([kind, code ?? 0]));
    socket.addEventListener("message", ({ data }) =>
      heard.push(["message", typeof data === "string" ? data : Array.from(new Uint8Array(data))]));
  };
  globalThis.until = async (passes) => { const limit = Date.now() + 20000; while (!passes(heard)) if (Date.now() > limit) return "nothing"; else await new Promise((next) => setTimeout(next, 5)); return heard; };
`;

type Heard = readonly (readonly unknown[])[];

/** What a page has heard, once that passes: an expression of `heard`. */
async function heard(page: ChromiumPage, passes: string): Promise<Heard> {
  const all: unknown = await page.evaluate(`until((heard) => ${passes})`);
  if (Array.isArray(all)) return all;
  throw new Error(`never heard ${passes}, but ${JSON.stringify(await page.evaluate("heard"))}`);
}

describe("a page of the daemon's own origin", () => {
  let chromium: Chromium;
  let daemon: RunningDaemon;
  let proxy: CuttingProxy;
  beforeAll(async () => {
    [chromium, daemon] = await Promise.all([Chromium.start([]), RunningDaemon.start()]);
    proxy = new CuttingProxy(daemon.port);
  });
  afterAll(async () => {
    proxy[Symbol.dispose]();
    await Promise.all([daemon[Symbol.asyncDispose](), chromium[Symbol.asyncDispose]()]);
  });

  const open = async (): Promise<ChromiumPage> => {
    const page = await chromium.open(`http://127.0.0.1:${proxy.port}/ping`);
    await page.evaluate(LISTEN);
    return page;
  };

  test("reads answers and steers jobs", async () => {
    const page = await open();
    const load = `fetch("/jobs/web", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ name: "a", cmd: "sleep 1000" }) })`;
    expect(await page.evaluate(`${load}.then((answer) => answer.json())`)).toEqual({ ok: true, name: "web.a" });
    expect(await page.evaluate(`fetch("/jobs").then((answer) => answer.json())`)).toEqual({ jobs: ["web.a"] });
    expect(await page.evaluate(`fetch("/jobs/web/a?wait=20", { method: "DELETE" }).then(({ status }) => status)`)).toBe(
      200,
    );
  });

  test("its EventSource hears what happens, and goes on after a cut without a gap and without hearing anything twice", async () => {
    const page = await open();
    await page.evaluate(`listen("/events?since=0", ["load", "unload", "gap"])`);
    await daemon.request("POST /jobs/es", { name: "a", cmd: "sleep 1000", start: false });
    await heard(page, `heard.some(([kind, , data]) => kind === "load" && data.includes("es.a"))`);
    proxy.cut();
    for (let round = 0; round < 20; round++) {
      await daemon.request("POST /jobs/es", { name: "b", cmd: "sleep 1000", start: false });
      await daemon.request("DELETE /jobs/es/b?wait=20");
    }
    const all = await heard(
      page,
      `heard.filter(([kind, , data]) => kind === "unload" && data.includes("es.b")).length === 20`,
    );
    const ofB = all.filter(([, , data]) => String(data).includes('"es.b"')).map(([kind]) => kind);
    expect(ofB).toEqual(Array.from({ length: 40 }, (_, count) => (count % 2 === 0 ? "load" : "unload")));
    const ids = all.filter(([kind]) => kind !== "open").map(([, id]) => Number(String(id).split("-")[1]));
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    expect(new Set(ids).size).toBe(ids.length);
    expect(all.filter(([kind]) => kind === "gap")).toEqual([]);
    expect(all.filter(([kind]) => kind === "open").length).toBe(2);
  });

  test("its EventSource hears what a process says", async () => {
    const page = await open();
    await daemon.request("POST /jobs/said?wait=20", { name: "a", cmd: "cat", redirect_input: true });
    const [pid] = Object((await daemon.request("GET /jobs/said/a/pids")).json).pids;
    await page.evaluate(`listen("/streams/${pid}/stdout?feed=eventsource", ["stdout", "message"])`);
    await heard(page, `heard.some(([kind]) => kind === "open")`);
    await daemon.request(`POST /streams/${pid}/stdin`, "grüße\n");
    const all = await heard(page, `heard.length > 1`);
    expect(all.at(-1)?.[2]).toContain("grüße");
  });

  test("its WebSocket subscribes, carries out commands, and speaks with a process in bytes", async () => {
    const page = await open();
    await page.evaluate(`connect("/channel/websocket")`);
    await heard(page, `heard.length === 1`);
    const say = (message: object): Promise<unknown> =>
      page.evaluate(`socket.send(${JSON.stringify(JSON.stringify(message))})`);
    await say({ event: "SUB", data: { topic: "EVENTS" } });
    await heard(page, `heard.length === 2`);
    const job = { name: "ws.a", cmd: "cat", redirect_input: true };
    await say({ event: "CMD", data: { identity: "7", name: "load", args: [job], kwargs: {} } });
    const all = await heard(
      page,
      `heard.some(([, data]) => /"7"/.test(data)) && heard.some(([, data]) => /"spawn"/.test(data))`,
    );
    expect(all.map(([, data]) => String(data)).find((data) => data.includes('"7"'))).toContain("ws.a");
    const [pid] = Object((await daemon.request("GET /jobs/ws/a/pids")).json).pids;
    const other = await open();
    await other.evaluate(`connect("/wstreams/${pid}")`);
    await heard(other, `heard.length === 1`);
    await other.evaluate(`socket.send(new Uint8Array([0, 255, 10, 65, 10]))`);
    const isAll = `heard.filter(([kind]) => kind === "message").flatMap(([, data]) => data).length >= 5`;
    const bytes = (await heard(other, isAll)).filter(([kind]) => kind === "message").flatMap(([, data]) => data);
    expect(bytes).toEqual([0, 255, 10, 65, 10]);
  });
});
