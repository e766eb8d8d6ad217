import { expect, setDefaultTimeout, test } from "bun:test";
import { BrowserPage } from "../support/browser-page.ts";
import { CuttingProxy } from "../support/cutting-proxy.ts";
import { RunningDaemon } from "../support/running-daemon.ts";
import { TempDir } from "../support/temp-dir.ts";

setDefaultTimeout(60_000);

/** What a page reported of the events it heard. */
interface Heard {
  readonly feed: string;
  readonly type: string;
  readonly id: string;
  readonly data: string;
}

const heardOf = (reports: readonly unknown[], feed: string): Heard[] =>
  reports.filter((one): one is Heard => Object(one).feed === feed);

const feeds = {
  watch: "/watch?feed=eventsource",
  proc: "/watch/proc/dummy?feed=eventsource",
  stats: "/stats/dummy?feed=eventsource",
  stream: "/streams/1/stdout?feed=eventsource",
  events: "/events",
};
const kinds = {
  watch: ["create", "start", "spawn", "gap"],
  proc: ["proc.dummy.update", "proc.dummy.spawn", "gap"],
  stats: ["stat"],
  stream: ["stdout", "gap"],
  events: ["load", "start", "spawn", "update", "gap"],
};

/** Listens to all feeds of a daemon and reports what it hears; a feed that breaks is reported, too. */
const listening = (host: string): string => `
const kinds = ${JSON.stringify(kinds)};
for (const [feed, path] of Object.entries(${JSON.stringify(feeds)})) {
  const source = new EventSource("http://${host}" + path);
  source.onopen = () => report({ opened: feed });
  source.onerror = () => report({ broken: feed, state: source.readyState });
  for (const type of kinds[feed]) {
    source.addEventListener(type, ({ data, lastEventId: id }) => report({ feed, type, id, data }));
  }
}`;

/** Whether every feed was opened so many times. */
const opened =
  (times: number) =>
  (reports: readonly unknown[]): boolean =>
    Object.keys(feeds).every((feed) => reports.filter((one) => Object(one).opened === feed).length >= times);

test("EventSource of a page whose origin is listed hears every feed, and goes on after a cut without a gap or a double", async () => {
  await using page = new BrowserPage();
  using config = new TempDir({ "gaffer.ini": `[gaffer]\ncors_origins = ${page.origin}\n` });
  await using daemon = await RunningDaemon.start({ args: ["-c", config.file("gaffer.ini")] });
  using proxy = new CuttingProxy(daemon.port);
  const add = (name: string): Promise<unknown> =>
    daemon.request("POST /processes", { name, cmd: "sleep 1000", start: false });
  await daemon.request("POST /processes?wait=10", { name: "dummy", cmd: "cat", redirect_input: true });
  page.open(listening(`127.0.0.1:${proxy.port}`));
  await page.until(opened(1));
  await add("before");
  await daemon.request("POST /processes/dummy/_add");
  await daemon.request("POST /streams/1/stdin", "ECHO\n");
  await page.until((reports) => Object.keys(feeds).every((feed) => heardOf(reports, feed).length > 0));
  const [created] = heardOf(page.reports, "watch");
  expect(created?.id).toMatch(/^[0-9a-f]+-\d+$/);
  expect(JSON.parse(created?.data ?? "")).toMatchObject({ event: "create", name: "before" });
  expect(JSON.parse(heardOf(page.reports, "stats")[0]?.data ?? "")).toMatchObject({ name: "dummy", cmdline: "cat" });
  expect(page.reports.filter((one) => Object(one).broken !== undefined)).toEqual([]);
  proxy.cut();
  // Nobody listens now: it comes by resuming only.
  for (let at = 0; at < 20; at++) await add(`meanwhile${at}`);
  await daemon.request("POST /processes/dummy/_sub");
  await daemon.request("POST /streams/1/stdin", "MORE\n");
  await page.until(opened(2));
  await add("after");
  const last = (feed: string): string => heardOf(page.reports, feed).at(-1)?.data ?? "";
  await page.until(() => last("events").includes('"default.after"') && last("watch").includes('"after"'));
  await page.until((reports) => heardOf(reports, "stream").some(({ data }) => data.includes("MORE")));
  expect(heardOf(page.reports, "stream").map(({ data }) => data)).toEqual(["ECHO\n", "MORE\n"]);
  const names = heardOf(page.reports, "watch").flatMap(({ type, data }) =>
    type === "create" ? JSON.parse(data).name : [],
  );
  expect(names).toEqual(["before", ...Array.from({ length: 20 }, (_, at) => `meanwhile${at}`), "after"]);
  const updates = heardOf(page.reports, "proc").filter(({ type }) => type === "proc.dummy.update");
  expect(updates.map(({ data }) => JSON.parse(data).numprocesses)).toEqual([2, 1]);
  for (const feed of ["watch", "proc", "events", "stream"]) {
    const ids = heardOf(page.reports, feed).map(({ id }) => Number(id.split("-")[1]));
    expect([feed, ids]).toEqual([feed, [...new Set(ids)].toSorted((a, b) => a - b)]);
    expect(heardOf(page.reports, feed).map(({ type }) => type)).not.toContain("gap");
  }
  expect(page.reports.filter((one) => Object(one).error !== undefined)).toEqual([]);
});

test("a page of another origin reads none of them", async () => {
  await using page = new BrowserPage();
  await using daemon = await RunningDaemon.start();
  await daemon.request("POST /processes?wait=10", { name: "dummy", cmd: "cat", redirect_input: true });
  const before = await daemon.state();
  page.open(`${listening(daemon.host)}
for (const [method, path] of [["POST", "/processes/dummy/_stop"], ["DELETE", "/processes/dummy"], ["GET", "/processes"]]) {
  await fetch("http://${daemon.host}" + path, { method }).then(
    ({ status }) => report({ answered: path, status }),
    () => report({ refused: path }),
  );
  await fetch("http://${daemon.host}" + path, { method, mode: "no-cors" }).catch(() => undefined);
}
report({ over: true });`);
  await page.until((reports) => reports.some((one) => Object(one).over === true));
  await page.until((reports) =>
    Object.keys(feeds).every((feed) => reports.some((one) => Object(one).broken === feed && Object(one).state === 2)),
  );
  const told = page.reports.filter((one) => Object(one).opened ?? Object(one).feed ?? Object(one).answered);
  expect(told).toEqual([]);
  expect(page.reports.filter((one) => Object(one).refused !== undefined)).toHaveLength(3);
  expect(await daemon.state()).toBe(before);
});
