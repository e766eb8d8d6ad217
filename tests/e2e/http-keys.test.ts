import { expect, setDefaultTimeout, test } from "bun:test";
import { RunningDaemon } from "../support/running-daemon.ts";

setDefaultTimeout(40_000);

test("where no endpoint asks for keys there are none to administer", async () => {
  await using daemon = await RunningDaemon.start();
  // Whether they say who they are or not.
  expect((await daemon.request("GET /auth")).json).toMatchObject({ code: "access_off" });
  for (const line of ["GET /auth", "GET /keys", "POST /keys", "GET /users", "DELETE /users/x"]) {
    const answer = await daemon.request(line, line.startsWith("POST") ? {} : undefined, {
      headers: { authorization: `Basic ${btoa("a:b")}` },
    });
    expect([line, answer.status, answer.json]).toEqual([line, 404, expect.objectContaining({ code: "access_off" })]);
  }
});

test("beyond loopback a key is what is needed, and enough", async () => {
  await using daemon = await RunningDaemon.start({ tcp: "0.0.0.0:0", args: ["--require-key"] });
  const answer = await fetch(`http://127.0.0.1:${daemon.port}/jobs`, { headers: { host: "gaffer.example" } });
  expect(answer.status).toBe(401);
});

test("a login is asked for by basic authentication, anything else by a bearer token", async () => {
  await using daemon = await RunningDaemon.start({ args: ["--require-key"] });
  const asked = async (path: string): Promise<string | null> =>
    (await daemon.request(`GET ${path}`)).headers.get("www-authenticate");
  expect(await asked("/auth")).toBe('Basic realm="gaffer"');
  expect(await asked("/jobs")).toBe('Bearer realm="gaffer"');
});
