import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DaemonPlace } from "../support/daemon-place.ts";
import { RunningDaemon } from "../support/running-daemon.ts";
import { TempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";
import { never, type Received, WebhookReceiver } from "../support/webhook-receiver.ts";
import { signedBy } from "../support/webhook-signature.ts";

setDefaultTimeout(60_000);

const secret = `whsec_${Buffer.from("a secret of thirty-two bytes, ok").toString("base64")}`;

/** A daemon whose configuration holds these webhooks. */
async function hooked(webhooks: string, files: Readonly<Record<string, string>> = {}): Promise<DaemonPlace> {
  const place = new DaemonPlace({ "g.ini": `[webhooks]\n${webhooks}\n`, ...files }, [
    "-c",
    "g.ini",
    "--log-level",
    "debug",
  ]);
  await place.start();
  return place;
}

const kinds = (received: readonly Received[]): string[] => received.map(({ event }) => event.event);

/** Waits until the daemon's log matches. */
const logged = (place: DaemonPlace, pattern: RegExp): Promise<void> =>
  waitFor(
    () => pattern.test(place.daemon.stderr),
    () => `${pattern} in:\n${place.daemon.stderr}`,
  );

/** The webhooks as `gaffer ctl webhook list` gives them. */
async function listed(place: DaemonPlace): Promise<readonly Record<string, unknown>[]> {
  const list: unknown = await place.json("ctl", "webhook", "list");
  if (!Array.isArray(list)) throw new Error("it is no list");
  return list;
}

describe("webhooks of the configuration", () => {
  test("get every event of a job's life in order, signed", async () => {
    await using receiver = new WebhookReceiver();
    await using place = await hooked(`. = ${receiver.url} secret_file=hook.secret`, { "hook.secret": `${secret}\n` });
    expect((await place.ctl("add_process", "--start", "web", "sleep 1000")).code).toBe(0);
    expect((await place.ctl("stop", "web")).code).toBe(0);
    expect((await place.ctl("unload", "web")).code).toBe(0);
    await receiver.has(8);
    expect(kinds(receiver.received)).toEqual([
      "load",
      "start",
      "spawn",
      "stop",
      "stop_process",
      "exit",
      "unload",
      "stop",
    ]);
    expect(receiver.received.map(({ event }) => event.seq)).toEqual(receiver.received.map((_, at) => at + 1));
    expect(await signedBy(secret, receiver.received)).toEqual(receiver.received.map(() => true));
    expect(await signedBy("another", receiver.received.slice(0, 1))).toEqual([false]);
    const ids = receiver.received.map(({ headers }) => headers["webhook-id"]);
    expect(new Set(ids).size).toBe(ids.length);
    const exit = receiver.received.find(({ event }) => event.event === "exit");
    expect(exit?.event).toMatchObject({ name: "default.web", reason: "stopped", slot: 1, pid: 1, term_signal: 15 });
    expect(exit?.headers).toMatchObject({ "content-type": "application/json", "gaffer-attempt": "1" });
    expect(exit?.headers["user-agent"]).toMatch(/^gaffer\/\d+\.\d+\.\d+$/);
  });

  test("hear what their patterns name, older names and capitals too", async () => {
    await using receiver = new WebhookReceiver();
    const at = (path: string): string => receiver.url.replace("hook", path);
    await using place = await hooked(
      [
        `exit = ${at("exit")}`,
        `job.MyApp.Web = ${at("job")} ${at("second")}`,
        `create = ${at("create")}`,
        `job.web.spawn = ${at("short")}`,
        `proc.MyApp.Web.spawn = ${at("proc")}`,
        `unload = ${at("unload")}`,
      ].join("\n"),
    );
    for (const name of ["web", "MyApp.Web"]) {
      expect((await place.ctl("add_process", "--start", name, "sleep 1000")).code).toBe(0);
    }
    expect((await place.ctl("unload", "web")).code).toBe(0);
    await receiver.has(12);
    const by = (path: string): string[] =>
      receiver.received.filter((one) => one.path === `/${path}`).map(({ event }) => `${event.event} ${event.name}`);
    const mine = ["load MyApp.Web", "start MyApp.Web", "spawn MyApp.Web"];
    expect([by("job"), by("second")]).toEqual([mine, mine]);
    expect(by("create")).toEqual(["load default.web", "load MyApp.Web"]);
    expect(by("short")).toEqual(["spawn default.web"]);
    expect(by("proc")).toEqual(["spawn MyApp.Web"]);
    expect(by("unload")).toEqual(["unload default.web"]);
    expect(by("exit")).toEqual(["exit default.web"]);
  });

  test("keep every secret to themselves", async () => {
    await using receiver = new WebhookReceiver((_, at) => new Response(null, { status: at === 0 ? 404 : 200 }));
    const url = `${receiver.url.replace("//", "//us3r:pa55@")}/pa7h?token=t0k3n`;
    await using place = await hooked(`. = ${url} secret_file=hook.secret`, { "hook.secret": "th3-s3cret" });
    await place.ctl("add_process", "web", "true");
    await receiver.has(1);
    await logged(place, /webhook .* load of default\.web was refused: it answered 404/);
    expect(receiver.received[0]?.headers["authorization"]).toBe(`Basic ${btoa("us3r:pa55")}`);
    expect(await signedBy("th3-s3cret", receiver.received)).toEqual([true]);
    const argv = readFileSync(`/proc/${place.daemon.child.pid}/cmdline`, "utf8");
    const check = await place.run(["daemon", "--check", "-c", "g.ini"]);
    const list = await place.said("ctl", "webhook", "list");
    const json = JSON.stringify(await listed(place));
    expect(check.stdout).toContain(`url = "${receiver.url.replace("//", "//***@")}/pa7h?***"`);
    expect(json).toContain("***@");
    for (const text of [place.daemon.stderr, argv, check.stdout, check.stderr, list, json]) {
      expect(text).not.toMatch(/us3r|pa55|t0k3n|s3cret/);
    }
    // In many webhooks the path is the secret, and others read logs.
    expect(place.daemon.stderr).not.toContain("pa7h");
  });

  test("a bad file starts nothing, and names the place", async () => {
    await using place = new DaemonPlace({ "g.ini": "[webhooks]\nexti = http://a\nexit = ops.example" });
    const { code, stderr } = await place.run(["daemon", "-c", "g.ini"]);
    expect(code).toBe(2);
    expect(stderr).toContain('g.ini:2:1: event pattern "exti": there is no event "exti" (did you mean "exit"?)');
    expect(stderr).toContain('g.ini:3:8: exit has "ops.example": it is no URL');
  });
});

describe("SIGHUP", () => {
  test("adds and removes webhooks, keeps what waits for others, and leaves those of run time alone", async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<Response>();
    await using kept = new WebhookReceiver((_, at) => (at === 0 ? held : new Response()));
    await using old = new WebhookReceiver();
    await using fresh = new WebhookReceiver();
    await using run = new WebhookReceiver();
    await using place = await hooked(`. = ${kept.url}\nload = ${old.url}`);
    expect((await place.ctl("webhook", "add", "load", run.url)).code).toBe(0);
    for (const name of ["a", "b"]) await place.ctl("add_process", name, "true");
    await old.has(2);
    await kept.has(1);
    place.dir.write("g.ini", `[webhooks]\n. = ${kept.url}\nload = ${fresh.url}\n`);
    place.daemon.child.kill("SIGHUP");
    await logged(place, new RegExp(`webhook "load" to ${new URL(old.url).origin}/\\.\\.\\.: removed`));
    expect((await listed(place)).map(({ url, configured }) => [url, configured])).toEqual([
      [kept.url, true],
      [run.url, false],
      [fresh.url, true],
    ]);
    await place.ctl("add_process", "c", "true");
    await fresh.has(1);
    await run.has(3);
    release(new Response());
    await kept.has(3);
    expect(kept.events).toEqual(["load default.a", "load default.b", "load default.c"]);
    expect(fresh.events).toEqual(["load default.c"]);
    expect(old.events).toEqual(["load default.a", "load default.b"]);
    // A bad file changes nothing.
    place.dir.write("g.ini", "[webhooks]\nload = nowhere\n");
    place.daemon.child.kill("SIGHUP");
    await logged(place, /reload: nothing was changed: .*nowhere/);
    expect((await listed(place)).length).toBe(3);
  });

  test("takes a new secret", async () => {
    await using receiver = new WebhookReceiver();
    await using place = await hooked(`load = ${receiver.url} secret_file=s`, { s: "first" });
    await place.ctl("add_process", "a", "true");
    await receiver.has(1);
    place.dir.write("s", "second");
    place.dir.write("g.ini", `[webhooks]\nload = ${receiver.url} secret_file=s\nunload = ${receiver.url}\n`);
    place.daemon.child.kill("SIGHUP");
    await logged(place, /webhook "unload" .* added/);
    await place.ctl("add_process", "b", "true");
    await receiver.has(2);
    expect(await signedBy("first", receiver.received)).toEqual([true, false]);
    expect(await signedBy("second", receiver.received)).toEqual([false, true]);
  });
});

describe("gaffer ctl webhook", () => {
  test("adds, lists and removes, for people and for programs", async () => {
    await using receiver = new WebhookReceiver();
    await using place = await hooked("");
    const ctl = (...args: string[]) => place.ctl("webhook", ...args);
    place.dir.write("hook.secret", secret);
    expect(await ctl("add", "load", receiver.url, "--secret-file", "hook.secret")).toEqual({
      code: 0,
      stdout: `webhook load to ${receiver.url} added, until the daemon ends\n`,
      stderr: "",
    });
    expect(await place.json("ctl", "webhook", "add", "exit", "http://127.0.0.1:1/")).toEqual({ ok: true });
    await place.ctl("add_process", "web", "true");
    await receiver.has(1);
    expect(await signedBy(secret, receiver.received)).toEqual([true]);
    await place.until((text) => / 0 +1 +0 +0 +-\n/.test(text), "ctl", "webhook", "list");
    expect((await ctl("list")).stdout.split("\n").map((line) => line.trim().split(/ {2,}/))).toEqual([
      ["EVENT", "URL", "SIGNED", "PENDING", "DELIVERED", "FAILED", "DROPPED", "LAST ERROR"],
      ["load", receiver.url, "yes", "0", "1", "0", "0", "-"],
      ["exit", "http://127.0.0.1:1/", "no", "0", "0", "0", "0", "-"],
      [""],
    ]);
    expect(await ctl("del", "load", receiver.url)).toMatchObject({
      code: 0,
      stdout: `webhook load to ${receiver.url} removed\n`,
    });
    expect(await place.json("ctl", "webhook", "del", "exit", "http://127.0.0.1:1")).toEqual({ ok: true });
    expect(await listed(place)).toEqual([]);
    await place.ctl("unload", "web");
    await place.ctl("add_process", "web", "true");
    expect(receiver.received.length).toBe(1);
  });

  test("takes no password on the command line, but a URL or a secret on stdin", async () => {
    await using receiver = new WebhookReceiver();
    await using place = await hooked("");
    const url = receiver.url.replace("//", "//us3r:pa55@");
    for (const command of ["add", "del"]) {
      const refused = await place.ctl("webhook", command, "load", url);
      expect([refused.code, refused.stdout]).toEqual([2, ""]);
      expect(refused.stderr).toContain(
        "a password is not taken on the command line; write - and give the URL on stdin",
      );
      expect(refused.stderr).not.toContain("pa55");
    }
    const both = await place.run(["ctl", "webhook", "add", "load", "-", "--secret-file", "-"], { input: url });
    expect([both.code, both.stderr]).toEqual([
      2,
      "gaffer: Cannot read both URL and secret from stdin: put one into a file\n",
    ]);
    const added = await place.run(["ctl", "webhook", "add", "load", "-"], { input: `${url}\n` });
    const shown = receiver.url.replace("//", "//***@");
    expect(added).toEqual({ code: 0, stdout: `webhook load to ${shown} added, until the daemon ends\n`, stderr: "" });
    const second = ["ctl", "webhook", "add", "load", receiver.url, "--secret-file", "-"];
    expect((await place.run(second, { input: "th3-s3cret" })).code).toBe(0);
    await place.ctl("add_process", "web", "true");
    await receiver.has(2);
    const withUser = receiver.received.filter(({ headers }) => headers["authorization"] !== undefined);
    expect(withUser.map(({ headers }) => headers["authorization"])).toEqual([`Basic ${btoa("us3r:pa55")}`]);
    const others = receiver.received.filter(({ headers }) => headers["authorization"] === undefined);
    expect(await signedBy("th3-s3cret", others)).toEqual([true]);
    // As the list shows it.
    expect((await place.ctl("webhook", "del", "load", shown)).code).toBe(0);
    expect((await listed(place)).map((hook) => hook["url"])).toEqual([receiver.url]);
  });

  test("says what is wrong", async () => {
    await using place = await hooked("exit = http://127.0.0.1:1/");
    const cases: readonly (readonly [args: readonly string[], code: number, words: string])[] = [
      [
        ["add", "exit", "http://127.0.0.1:1/"],
        1,
        'Cannot add webhook "exit" to http://127.0.0.1:1/: it is there already',
      ],
      [["add", "exti", "http://127.0.0.1:1/"], 1, 'there is no event "exti" (did you mean "exit"?)'],
      [["add", "exit", "ftp://127.0.0.1/"], 1, "it must begin with http:// or https://"],
      [["add", "exit"], 2, "Cannot add a webhook: give a pattern of events and a URL"],
      [["add", "exit", "http://a", "--secret-file", "none"], 2, 'Cannot read --secret-file "none": ENOENT'],
      [
        ["del", "load", "http://127.0.0.1:1/"],
        1,
        'Cannot remove webhook "load" to http://127.0.0.1:1/: it is not there',
      ],
      [["dell"], 2, "there is no such command (did you mean"],
      [["--json"], 2, "it needs a command"],
    ];
    for (const [args, code, words] of cases) {
      const end = await place.ctl("webhook", ...args);
      expect([args, end.code]).toEqual([args, code]);
      expect(end.stderr).toContain(words);
    }
    expect((await listed(place)).length).toBe(1);
    for (const help of [["webhook"], ["webhook", "help", "add"], ["webhook", "add", "--help"], ["help", "webhook"]]) {
      const end = await place.ctl(...help);
      expect([help, end.code]).toEqual([help, 0]);
      expect(end.stdout).toContain("gaffer ctl webhook add exit https://ops.example/hook");
    }
  });

  test("a webhook of the configuration that was removed comes back with SIGHUP", async () => {
    await using place = await hooked("exit = http://127.0.0.1:1/");
    expect((await place.ctl("webhook", "del", "exit", "http://127.0.0.1:1/")).code).toBe(0);
    expect(await listed(place)).toEqual([]);
    place.daemon.child.kill("SIGHUP");
    await place.until((text) => text !== "[]\n", "ctl", "webhook", "list", "--json");
    expect(await listed(place)).toMatchObject([{ event: "exit", configured: true }]);
  });
});

describe("HTTP /webhooks", () => {
  test("lists, adds and removes; what is refused changes nothing and tells no secret", async () => {
    await using daemon = await RunningDaemon.start();
    const hook = { event: "exit", url: "http://u:pa55@127.0.0.1:1/?t=t0k3n" };
    const shown = "http://***@127.0.0.1:1/?***";
    expect(await daemon.request("POST /webhooks", { ...hook, secret: "th3-s3cret" })).toMatchObject({
      status: 201,
      json: { ok: true },
    });
    const before = await daemon.request("GET /webhooks");
    expect(before.json).toMatchObject({ webhooks: [{ event: "exit", url: shown, signed: true, pending: 0 }] });
    const refusals = [
      await daemon.request("POST /webhooks", hook),
      await daemon.request("POST /webhooks", { ...hook, event: "load", secret: "other-s3cret" }),
      await daemon.request("POST /webhooks", { ...hook, event: "nope" }),
      await daemon.request("POST /webhooks", { ...hook, secret: 5 }),
      await daemon.request("POST /webhooks", { event: "exit" }),
      await daemon.request("POST /webhooks", "{"),
      await daemon.request("DELETE /webhooks?event=exit"),
      await daemon.request(`DELETE /webhooks?event=load&url=${encodeURIComponent(hook.url)}`),
      await daemon.request("PUT /webhooks", {}),
      await daemon.request(
        "POST /webhooks",
        { ...hook, event: "load" },
        { headers: { origin: "https://evil.example" } },
      ),
    ];
    expect(refusals.map(({ status }) => status)).toEqual([409, 409, 400, 400, 400, 400, 400, 404, 405, 403]);
    for (const { text } of [before, ...refusals]) expect(text).not.toMatch(/pa55|t0k3n|s3cret/);
    expect((await daemon.request("GET /webhooks")).text).toBe(before.text);
    const query = new URLSearchParams(hook).toString();
    expect(await daemon.request(`DELETE /webhooks?${query}`)).toMatchObject({ status: 200, json: { ok: true } });
    expect((await daemon.request("GET /webhooks")).json).toEqual({ webhooks: [] });
    expect((await daemon.stopped()).log).not.toMatch(/pa55|t0k3n|s3cret/);
  });

  test("goes over https to a server whose certificate the daemon is told to trust, and to no other", async () => {
    const path = join(import.meta.dir, "../fixtures/tls/self-signed.pem");
    const pem = readFileSync(path, "utf8");
    await using receiver = new WebhookReceiver(() => new Response(), { cert: pem, key: pem });
    using dir = new TempDir();
    const cert = dir.write("ca.pem", pem.slice(0, pem.indexOf("-----BEGIN PRIVATE KEY-----")));
    await using trusting = await RunningDaemon.start({ env: { NODE_EXTRA_CA_CERTS: cert } });
    await using careful = await RunningDaemon.start();
    for (const daemon of [trusting, careful]) {
      await daemon.request("POST /webhooks", { event: "load", url: receiver.url });
      await daemon.request("POST /jobs/default", { name: "web", cmd: "true", start: false });
    }
    await trusting.until("/webhooks", /"delivered":1/);
    await careful.until("/webhooks", /"last_error":"its certificate is not trusted/);
    expect(receiver.events).toEqual(["load default.web"]);
  });
});

describe("the end of the daemon", () => {
  test("comes when the last events are delivered", async () => {
    await using receiver = new WebhookReceiver();
    await using place = await hooked(`job.default.web = ${receiver.url}`);
    expect((await place.ctl("add_process", "--start", "web", "sleep 1000")).code).toBe(0);
    const { code } = await place.daemon.stop();
    expect(code).toBe(0);
    expect(kinds(receiver.received)).toEqual(["load", "start", "spawn", "stop", "stop_process", "exit"]);
    expect(place.daemon.stderr).not.toContain("lost");
  });

  test("is not held up for long by a receiver that never answers; what is lost is told", async () => {
    await using receiver = new WebhookReceiver(never);
    await using place = await hooked(`. = ${receiver.url}`);
    await place.ctl("add_process", "web", "true");
    await receiver.has(1);
    const { code } = await place.daemon.stop();
    expect(code).toBe(0);
    expect(place.daemon.stderr).toMatch(
      /WARNING\] webhook http:\/\/127\.0\.0\.1:\d+\/\.\.\.: 2 events lost at the end: there is no time left\n.*stopped\n/,
    );
  });

  test("comes at once with a second signal", async () => {
    await using receiver = new WebhookReceiver(never);
    await using place = await hooked(`. = ${receiver.url}`);
    await place.ctl("add_process", "web", "true");
    await receiver.has(1);
    place.daemon.child.kill("SIGTERM");
    await logged(place, /stopping everything/);
    const { code } = await place.daemon.stop("SIGINT");
    expect(code).toBe(0);
    expect(place.daemon.stderr).toMatch(/: 2 events lost at the end: gaffer was told to end at once\n/);
  });
});

test("a receiver that is dead hurts no job", async () => {
  const dead = await (async () => {
    await using receiver = new WebhookReceiver();
    return receiver.url;
  })();
  await using place = await hooked(`. = ${dead}`);
  for (const name of ["a", "b", "c"]) {
    expect(await place.ctl("add_process", "--start", name, "sleep 1000")).toMatchObject({ code: 0, stderr: "" });
  }
  expect(await listed(place)).toMatchObject([{ delivered: 0, pending: 9, last_error: "nobody listens there" }]);
  expect((await place.daemon.stop()).code).toBe(0);
  expect(place.daemon.stderr).toMatch(/events lost at the end: nobody listens there/);
});
