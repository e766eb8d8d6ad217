import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, copyFileSync } from "node:fs";
import { type Certificate, Certificates } from "../support/certificates.ts";
import { type GafferEnd, runGaffer } from "../support/gaffer-run.ts";
import { RunningDaemon } from "../support/running-daemon.ts";
import { waitFor } from "../support/wait-for.ts";

const certificates = new Certificates();
const server = certificates.issue("server");
const client = certificates.issue("client");
const strange = certificates.issue("strange", { by: "wrong" });
const elsewhere = certificates.issue("elsewhere", { names: "DNS:elsewhere.example" });
const old = certificates.issue("old", { during: ["20200101000000Z", "20210101000000Z"] });
const self = certificates.selfSigned("self");
afterAll(() => certificates[Symbol.dispose]());

const ca = ["--cacert", certificates.ca.cert];
const flags = ({ cert, key }: Certificate): string[] => ["--certfile", cert, "--keyfile", key];

/** `gaffer ctl jobs`, with more flags, at an endpoint. */
const ctl = (endpoint: string, ...args: string[]): Promise<GafferEnd> =>
  runGaffer(["ctl", "jobs", ...args], { cwd: certificates.dir.path, endpoint });

async function curl(...args: string[]): Promise<{ code: number; text: string }> {
  const child = Bun.spawn(["curl", "-sS", "--max-time", "15", ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const [text, code] = await Promise.all([child.stdout.text(), child.exited]);
  return { code, text };
}

const start = (certificate: Certificate, ...args: string[]): Promise<RunningDaemon> =>
  RunningDaemon.start({ args: [...flags(certificate), ...args], tcp: "https://127.0.0.1:0" });

describe("a daemon with a certificate", () => {
  let daemon: RunningDaemon;
  let url = "";
  beforeAll(async () => {
    daemon = await start(server);
    url = `https://localhost:${daemon.port}`;
  });
  afterAll(() => daemon[Symbol.asyncDispose]());

  test("says that it speaks TLS, and answers curl and ctl", async () => {
    expect(daemon.gaffer.stderr).toContain(`listening on https://127.0.0.1:${daemon.port}\n`);
    expect(await curl("--cacert", certificates.ca.cert, `${url}/ping`)).toEqual({ code: 0, text: "OK" });
    const at = { cwd: certificates.dir.path, endpoint: url };
    const loaded = await runGaffer(["ctl", "add_process", ...ca, "--start", "s.a", "sleep 1000"], at);
    expect([loaded.code, loaded.stderr]).toEqual([0, ""]);
    expect((await ctl(url, ...ca)).stdout).toContain("s.a");
    const before = await runGaffer([...ca, "-g", url, "ctl", "jobs"], { cwd: certificates.dir.path });
    expect([before.code, before.stdout]).toEqual([0, expect.stringContaining("s.a")]);
  });

  test("answers over its unix socket without TLS", async () => {
    expect((await daemon.request("GET /ping", undefined, { over: "unix" })).text).toBe("OK");
    expect((await ctl(`unix:${daemon.socket}`)).code).toBe(0);
  });

  test("follows events over TLS", async () => {
    const args = [...ca, "--no-buffer", `${url}/events?since=0`];
    const child = Bun.spawn(["curl", "-sS", ...args], { stdio: ["ignore", "pipe", "ignore"] });
    let text = "";
    const reader = (async () => {
      for await (const chunk of child.stdout) text += new TextDecoder().decode(chunk);
    })();
    await waitFor(
      () => text.includes('"spawn"'),
      () => text,
    );
    child.kill();
    await reader;
    await child.exited;
  });

  const failures: readonly [what: string, endpoint: () => string, args: string[], fact: string, way: string][] = [
    ["no authority", () => url, [], "nobody whom this machine trusts has signed its certificate", "--cacert"],
    [
      "another authority",
      () => url,
      ["--cacert", certificates.wrong.cert],
      "its certificate is not signed by the authority of --cacert",
      "name the one that has signed it",
    ],
    ["http", () => url.replace("https", "http"), [], "it speaks TLS", "name it https://localhost:"],
  ];
  for (const [what, endpoint, args, fact, way] of failures) {
    test(`told to a client with ${what}: ${fact}`, async () => {
      const { code, stderr } = await ctl(endpoint(), ...args);
      expect([code, stderr]).toEqual([3, expect.stringContaining(`: ${fact} (`)]);
      expect(stderr).toContain(way);
    });
  }

  test("is verified whatever NODE_TLS_REJECT_UNAUTHORIZED says", async () => {
    const env = { NODE_TLS_REJECT_UNAUTHORIZED: "0" };
    const { code } = await runGaffer(["ctl", "jobs"], { cwd: certificates.dir.path, endpoint: url, env });
    expect(code).toBe(3);
  });

  test("certificates for an endpoint without TLS are refused: nobody may believe that they protect", async () => {
    for (const endpoint of [`unix:${daemon.socket}`, `http://localhost:${daemon.port}`]) {
      const { code, stderr } = await ctl(endpoint, ...ca);
      expect([code, stderr]).toEqual([2, expect.stringContaining("no TLS is spoken there (name an https://host:port")]);
    }
  });

  test("files that are none are usage errors", async () => {
    for (const [args, words] of [
      [["--cacert", "nope.pem"], "it does not exist"],
      [["--certfile", client.cert], "holds no private key"],
      [["--certfile", client.cert, "--keyfile", server.key], "it does not belong to the certificate"],
      [["--keyfile", server.key], "it is of no use without --certfile"],
    ] as const) {
      const { code, stderr } = await ctl(url, ...args);
      expect([args, code, stderr]).toEqual([args, 2, expect.stringContaining(words)]);
    }
  });

  test("certificates stand in the user's own configuration, too, as gaffer 0.5 has them", async () => {
    const own = `[node "https://elsewhere:1"]\ncacert = nope\n[node "${url}"]\ncacert = ca.pem\n`;
    const env = { GAFFER_CONFIG: certificates.dir.write("user.ini", own) };
    const at = { cwd: "/", endpoint: url, env };
    expect((await runGaffer(["ctl", "jobs"], at)).code).toBe(0);
    const { code, stderr } = await runGaffer(["ctl", "jobs", "--cacert", certificates.wrong.cert], at);
    expect([code, stderr]).toEqual([3, expect.stringContaining("not signed by the authority of --cacert")]);
  });

  test("a plain request ends at once", async () => {
    expect((await curl(`http://localhost:${daemon.port}/ping`)).code).toBe(52);
  });

  test("an endpoint that speaks no TLS is told apart from one that does", async () => {
    await using plain = await RunningDaemon.start();
    const { code, stderr } = await ctl(`https://localhost:${plain.port}`, ...ca);
    expect([code, stderr]).toEqual([
      3,
      expect.stringContaining("it speaks no TLS (if it may be talked to in the clear,"),
    ]);
  });
});

test("a certificate for another name, an expired and a self-signed one are told apart", async () => {
  for (const [certificate, fact] of [
    [elsewhere, 'its certificate is for another name than "localhost"'],
    [old, "its certificate has expired"],
    [self, "its certificate is not signed by the authority of --cacert"],
  ] as const) {
    await using daemon = await start(certificate);
    const { code, stderr } = await ctl(`https://localhost:${daemon.port}`, ...ca);
    expect([code, stderr]).toEqual([3, expect.stringContaining(fact)]);
    if (certificate === old) expect(daemon.gaffer.stderr).toContain("expired on Jan  1 00:00:00 2021 GMT");
    if (certificate === self)
      expect((await ctl(`https://localhost:${daemon.port}`, "--cacert", self.cert)).code).toBe(0);
  }
});

describe("a daemon that wants certificates of its clients", () => {
  let daemon: RunningDaemon;
  let url = "";
  beforeAll(async () => {
    daemon = await start(server, ...ca);
    url = `https://localhost:${daemon.port}`;
  });
  afterAll(() => daemon[Symbol.asyncDispose]());

  test("serves curl and ctl with one", async () => {
    const own = ["--cert", client.cert, "--key", client.key];
    expect(await curl(...ca, ...own, `${url}/ping`)).toEqual({ code: 0, text: "OK" });
    expect((await ctl(url, ...ca, ...flags(client))).code).toBe(0);
  });

  test("refuses any other client with no effect, and ctl says why", async () => {
    const before = await daemon.state();
    const job = ["-H", "content-type: application/json", "-d", '{"name": "evil", "cmd": "sleep 1"}', `${url}/jobs/s`];
    for (const own of [[], ["--cert", strange.cert, "--key", strange.key]]) {
      expect((await curl(...ca, ...own, ...job)).code).not.toBe(0);
      expect((await curl(...ca, ...own, "-X", "POST", `${url}/shutdown`)).code).not.toBe(0);
    }
    const none = await ctl(url, ...ca);
    expect([none.code, none.stderr]).toEqual([
      3,
      expect.stringContaining("it wants a certificate of its clients (name yours with --certfile and --keyfile)"),
    ]);
    const other = await ctl(url, ...ca, ...flags(strange));
    expect([other.code, other.stderr]).toEqual([3, expect.stringContaining("it does not take our certificate (")]);
    expect(await daemon.state()).toBe(before);
  });

  test("still serves only programs of the same user or root", async () => {
    const asNobody = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"];
    chmodSync(certificates.dir.path, 0o755);
    for (const path of [client.key, client.cert, certificates.ca.cert]) chmodSync(path, 0o644);
    const own = ["--cacert", certificates.ca.cert, "--cert", client.cert, "--key", client.key];
    const child = Bun.spawn([...asNobody, "curl", "-sS", ...own, `${url}/jobs`], { stdio: ["ignore", "pipe", "pipe"] });
    const [text] = await Promise.all([child.stdout.text(), child.exited]);
    expect(text).toContain('"code":"forbidden"');
  });
});

/** Whom the certificate that a daemon shows is for. */
async function subject(daemon: RunningDaemon): Promise<string> {
  const argv = ["openssl", "s_client", "-connect", `127.0.0.1:${daemon.port}`, "-servername", "localhost"];
  const child = Bun.spawn(argv, { stdio: ["ignore", "pipe", "ignore"] });
  return /subject=CN ?= ?(\S+)/.exec(await child.stdout.text())?.[1] ?? "none";
}

describe("SIGHUP", () => {
  test("takes over new certificates, keeps feeds, and keeps the old ones if the new are bad", async () => {
    const { dir } = certificates;
    const install = ({ cert, key }: Certificate): void => {
      copyFileSync(cert, dir.file("live.pem"));
      copyFileSync(key, dir.file("live.key"));
    };
    install(server);
    const config = dir.write("g.ini", "[ssl]\ncertfile = live.pem\nkeyfile = live.key\n");
    await using daemon = await RunningDaemon.start({ args: [config], tcp: "127.0.0.1:0" });
    expect(await subject(daemon)).toBe("server");
    const url = `https://localhost:${daemon.port}`;
    const feed = Bun.spawn(["curl", "-sS", ...ca, "--no-buffer", `${url}/events`], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    const reader = (async () => {
      for await (const chunk of feed.stdout) text += new TextDecoder().decode(chunk);
    })();
    await waitFor(
      () => text !== "",
      () => "the feed",
    );
    dir.write("live.pem", "nothing");
    daemon.gaffer.child.kill("SIGHUP");
    await daemon.logged(/reload: nothing was changed: .*holds no certificate in PEM/s);
    expect(await subject(daemon)).toBe("server");
    install(elsewhere);
    daemon.gaffer.child.kill("SIGHUP");
    await daemon.logged(/reload: https:\/\/127\.0\.0\.1:\d+ has the certificates of now/);
    expect(await subject(daemon)).toBe("elsewhere");
    await daemon.request("POST /jobs/s", { name: "later", cmd: "sleep 1000" }, { over: "unix" });
    await waitFor(
      () => text.includes("s.later"),
      () => text,
    );
    expect((await daemon.stopped()).code).toBe(0);
    await Promise.all([reader, feed.exited]);
  });
});

test("a certificate that is wrong keeps the daemon from starting, with its place", async () => {
  const config = certificates.dir.write("bad.ini", "[ssl]\ncertfile = server.pem\nkeyfile = client.key\n");
  const { code, stderr } = await runGaffer(["daemon", "--check", config], { cwd: certificates.dir.path });
  expect([code, stderr]).toEqual([
    2,
    expect.stringMatching(/bad\.ini:3:11: keyfile ".*client\.key" does not belong to/),
  ]);
});
