import { afterAll, describe, expect, test } from "bun:test";
import type { DaemonConfig } from "../../../src/config/daemon-config.ts";
import { describeConfig } from "../../../src/config/describe-config.ts";
import { loadDaemonConfig } from "../../../src/config/load-daemon-config.ts";
import { type DaemonChoice, planDaemon } from "../../../src/daemon/daemon-plan.ts";
import { Certificates } from "../../support/certificates.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const certificates = new Certificates();
afterAll(() => certificates[Symbol.dispose]());
for (const name of ["server", "other"]) certificates.issue(name);

let count = 0;
const load = (text: string, ending = "ini"): DaemonConfig =>
  loadDaemonConfig(certificates.dir.write(`${count++}.${ending}`, text), { env: {} });

const said: DaemonChoice = {
  config: undefined,
  bind: [],
  "state-dir": undefined,
  daemon: false,
  pidfile: undefined,
  verbose: 0,
  "log-level": undefined,
  "error-log": undefined,
  certfile: undefined,
  keyfile: undefined,
  cacert: undefined,
  "plugin-dir": [],
  "require-key": false,
};
const at = { cwd: certificates.dir.path, env: { HOME: "/home/me" }, uid: 1000 };

/** Each address, with the names of its certificate and of the authority for its clients. */
const planned = (config: DaemonConfig, choice: Partial<DaemonChoice> = {}): unknown[] =>
  planDaemon(config, { ...said, ...choice }, at).endpoints.map(({ endpoint, tls }) => [
    endpoint.kind === "tcp" ? [endpoint.port, endpoint.tls ?? false] : "unix",
    tls && tls.identity.certfile.replace(/.*\//, ""),
    tls?.authority?.cacert.replace(/.*\//, ""),
  ]);

const server = "certfile = server.pem\nkeyfile = server.key\n";
const ssl = `[ssl]\n${server}`;
const main = "[gaffer]\nbind = 127.0.0.1:1, unix:a.sock\n";

describe("certificates in a configuration", () => {
  test("[ssl] is for every TCP address that names none, and never for a unix socket", () => {
    expect(planned(load(`${main}${ssl}`))).toEqual([
      [[1, true], "server.pem", undefined],
      ["unix", undefined, undefined],
    ]);
    expect(planned(load(ssl))).toEqual([
      [[5000, true], "server.pem", undefined],
      ["unix", undefined, undefined],
    ]);
    expect(planned(load(main))).toEqual([
      [[1, false], undefined, undefined],
      ["unix", undefined, undefined],
    ]);
  });

  test("an endpoint's own certificate goes before, the authority for its clients is inherited on its own", () => {
    const own = "[endpoint:x]\nbind = :2\ncertfile = other.pem\nkeyfile = other.key\n";
    const strict = "[endpoint:y]\nbind = :3\ncacert = wrong.pem\n";
    expect(planned(load(`${ssl}ca_certs = ca.pem\n${own}${strict}`))).toEqual([
      [[2, true], "other.pem", "ca.pem"],
      [[3, true], "server.pem", "wrong.pem"],
    ]);
    const toml = '[ssl]\ncertfile = "server.pem"\nkeyfile = "server.key"\n[endpoint.x]\nbind = ":1"\ncacert = "ca.pem"';
    expect(planned(load(toml, "toml"))).toEqual([[[1, true], "server.pem", "ca.pem"]]);
  });

  test("the command line goes before [ssl], not before an endpoint's own", () => {
    const own = "[endpoint:x]\nbind = :2\ncertfile = other.pem\nkeyfile = other.key\n";
    const config = load(`${main}${ssl}cacert = wrong.pem\n${own}`);
    const choice = { certfile: "ca.pem", keyfile: "ca.key", cacert: "ca.pem" };
    expect(planned(config, choice)).toEqual([
      [[1, true], "ca.pem", "ca.pem"],
      ["unix", undefined, undefined],
      [[2, true], "other.pem", "ca.pem"],
    ]);
    expect(planned(config, { bind: [":9"], cacert: "ca.pem" })).toEqual([[[9, true], "server.pem", "ca.pem"]]);
  });

  test("what is wrong is told with its place, all of it at once", () => {
    const text = `${ssl}cacert = nope.pem\n[endpoint:x]\nbind = :1\ncertfile = server.pem\nkeyfile = other.key\n`;
    const { code, message } = thrownBy(() => load(text));
    expect(code).toBe("config_invalid");
    const dir = certificates.dir.path;
    expect(message).toContain(`${count - 1}.ini:4:10: cacert ${JSON.stringify(`${dir}/nope.pem`)} does not exist`);
    const fact = `does not belong to the certificate ${JSON.stringify(`${dir}/server.pem`)}`;
    expect(message).toContain(`${count - 1}.ini:8:11: keyfile ${JSON.stringify(`${dir}/other.key`)} ${fact}`);
    const twice = thrownBy(() => load(`${ssl}cacert = ca.pem\nca_certs = ca.pem\n`)).message;
    expect(twice).toContain(":5:12: ca_certs is set, but cacert is, too: they are the same");
    const unix = thrownBy(() => load(`[endpoint:x]\nbind = unix:x\n${server}`)).message;
    expect(unix).toContain(":3:12: certfile is set, but a unix socket speaks no TLS: leave it out");
  });

  test("TLS that is asked for without a certificate is refused", () => {
    const way = "but no certificate is named (certfile, keyfile)";
    expect(thrownBy(() => planned(load(`${main}[ssl]\ncacert = ca.pem\n`)))).toEqual({
      code: "usage",
      message: `Cannot listen on 127.0.0.1:1: cacert is set, ${way}`,
    });
    expect(thrownBy(() => planned(load("[gaffer]\nbind = https://127.0.0.1:1\n"))).message).toBe(
      `Cannot listen on https://127.0.0.1:1: https is asked for, ${way}`,
    );
    expect(planned(load(`[gaffer]\nbind = https://127.0.0.1:1\n${ssl}`))).toEqual([
      [[1, true], "server.pem", undefined],
    ]);
  });

  test("flags that name bad files are refused", () => {
    const config = load("");
    const dir = certificates.dir.path;
    expect(thrownBy(() => planned(config, { keyfile: "server.key" })).message).toBe(
      `Cannot use --keyfile ${JSON.stringify(`${dir}/server.key`)}: it is of no use without --certfile`,
    );
    expect(thrownBy(() => planned(config, { certfile: "nope" })).message).toBe(
      `Cannot use --certfile ${JSON.stringify(`${dir}/nope`)}: it does not exist`,
    );
    expect(thrownBy(() => planned(config, { certfile: "server.pem" })).message).toBe(
      `Cannot use --keyfile ${JSON.stringify(`${dir}/server.pem`)}: it holds no private key in PEM (-----BEGIN PRIVATE KEY-----)`,
    );
  });

  test("beyond loopback TLS does not lift the demand for a key, with client certificates or without", () => {
    const open = load(`[gaffer]\nbind = 0.0.0.0:1\n${ssl}cacert = ca.pem\n`);
    expect(thrownBy(() => planned(open))).toEqual({
      code: "usage",
      message: expect.stringMatching(/^Cannot listen on https:\/\/0\.0\.0\.0:1: .*require_key/),
    });
  });

  test("the same address plain and with TLS is one address", () => {
    const { message } = thrownBy(() => load(`[gaffer]\nbind = :1, https://127.0.0.1:1\n${ssl}`));
    expect(message).toContain("bind https://127.0.0.1:1 is asked for at");
  });

  test("what is told of a configuration reads as the same", () => {
    const config = load(`${main}${ssl}[endpoint:x]\nbind = :2\ncacert = ca.pem\n`);
    const text = describeConfig(config);
    expect(text).toContain(`cacert = ${JSON.stringify(certificates.file("ca.pem"))}`);
    expect(text).not.toContain("PRIVATE");
    const again = load(text, "toml");
    expect([again.tls, again.endpoints]).toEqual([config.tls, config.endpoints]);
  });

  test("an expired certificate and an open key are warnings", () => {
    certificates.issue("old", { during: ["20200101000000Z", "20210101000000Z"] });
    const { warnings } = planDaemon(load(`${main}[ssl]\ncertfile = old.pem\nkeyfile = old.key\n`), said, at);
    expect(warnings).toEqual([
      `the certificate ${JSON.stringify(certificates.file("old.pem"))} expired on Jan  1 00:00:00 2021 GMT`,
    ]);
  });
});
