import { describe, expect, test } from "bun:test";
import { type JobSettings, resolveJob } from "../../../src/manager/job-settings.ts";
import type { SpawnRequest } from "../../../src/manager/process-host.ts";
import { SpawnRequests } from "../../../src/manager/spawn-request.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const surroundings = { env: { PATH: "/bin", HOME: "/root" }, cwd: "/srv" };

function requestOf(settings: Partial<JobSettings>, placement = { id: 7, slot: 2 }): SpawnRequest {
  const config = resolveJob({ name: "app.web", cmd: "serve", ...settings });
  return new SpawnRequests(config, surroundings).for(placement);
}

const argvOf = (settings: Partial<JobSettings>): readonly string[] => requestOf(settings).argv;

describe("SpawnRequests.for()", () => {
  test("says everything that the host must know", () => {
    expect(
      requestOf({ cmd: "serve -v", cwd: "/tmp", uid: "www", redirectInput: true, customStreams: ["ctl"] }),
    ).toEqual({
      id: 7,
      label: "app.web.2",
      job: "app.web",
      slot: 2,
      argv: ["serve", "-v"],
      env: {
        PATH: "/bin",
        HOME: "/root",
        PS: "web.2",
        GAFFER_JOB: "app.web",
        GAFFER_PROCESS_ID: "7",
        GAFFER_STREAM_CTL_FD: "3",
      },
      cwd: "/tmp",
      uid: "www",
      gid: undefined,
      rlimits: {},
      outputs: ["stdout", "stderr"],
      logs: {},
      input: true,
      streams: ["ctl"],
      channels: [],
      detach: false,
      stop: { stopSignal: 15, gracefulTimeoutMs: 30_000 },
    });
  });

  test("splits cmd like a shell, and appends args", () => {
    expect(argvOf({ cmd: `python3 -c "print('a b')"`, args: ["x y"] })).toEqual([
      "python3",
      "-c",
      "print('a b')",
      "x y",
    ]);
    expect(argvOf({ cmd: "'/opt/my app'" })).toEqual(["/opt/my app"]);
  });

  test("runs a shell job through sh -c with its arguments kept", () => {
    expect(argvOf({ cmd: "echo $HOME | cat", shell: true })).toEqual(["sh", "-c", "echo $HOME | cat"]);
    expect(argvOf({ cmd: "echo", args: ["a b"], shell: true })).toEqual(["sh", "-c", 'echo "$@"', "sh", "a b"]);
  });

  test("puts in $NAME and ${NAME} of cmd and args, and keeps a value one word", () => {
    const env = { PORT: "8000", TITLE: "my site" };
    expect(argvOf({ cmd: "serve --port $PORT", args: ["${TITLE}!"], env })).toEqual([
      "serve",
      "--port",
      "8000",
      "my site!",
    ]);
  });

  test("makes $ of $$ and leaves any other $ alone", () => {
    expect(argvOf({ cmd: "echo", args: ["$$HOME", "5$", "$1", "$(x)", "a$-"] })).toEqual([
      "echo",
      "$HOME",
      "5$",
      "$1",
      "$(x)",
      "a$-",
    ]);
  });

  test("takes values from the process's final environment", () => {
    expect(argvOf({ cmd: "serve $PORT $PS $GAFFER_PROCESS_ID $HOME", port: 5001, env: { HOME: "/mine" } })).toEqual([
      "serve",
      "5002",
      "web.2",
      "7",
      "/mine",
    ]);
  });

  test("gives each slot its PORT, over env, and a committed process the last of the job's hundred", () => {
    expect(requestOf({ port: 5000, env: { PORT: "1" } }).env["PORT"]).toBe("5001");
    expect(requestOf({ port: 5000 }, { id: 7, slot: 0 }).env["PORT"]).toBe("5099");
    expect(requestOf({}).env["PORT"]).toBeUndefined();
  });

  test("gives exactly the job's env without os_env", () => {
    expect(requestOf({ env: { A: "1" }, osEnv: false }).env).toEqual({ A: "1" });
    expect(requestOf({ osEnv: false }).env).toEqual({});
  });

  test("lays a commit's env over everything, and leaves none of it behind", () => {
    const requests = new SpawnRequests(resolveJob({ name: "web", cmd: "serve", env: { A: "1" } }), surroundings);
    expect(requests.for({ id: 1, slot: 0, env: { A: "2", PS: "mine" } }).env).toMatchObject({ A: "2", PS: "mine" });
    expect(requests.for({ id: 2, slot: 1 }).env).toMatchObject({ A: "1", PS: "web.1" });
  });

  test("shares no environment between processes", () => {
    const requests = new SpawnRequests(resolveJob({ name: "web", cmd: "serve" }), surroundings);
    const [first, second] = [requests.for({ id: 1, slot: 1 }), requests.for({ id: 2, slot: 2 })];
    expect([first.env["PS"], second.env["PS"]]).toEqual(["web.1", "web.2"]);
    expect(surroundings.env).toEqual({ PATH: "/bin", HOME: "/root" });
  });

  test("refuses a name that will never have a value", () => {
    expect(thrownBy(() => requestOf({ cmd: "serve $NOPE" }))).toEqual({
      code: "job_invalid",
      message:
        'Cannot load job "app.web": $NOPE has no value: set it in env, or write $$NOPE for a literal dollar sign',
    });
    expect(thrownBy(() => requestOf({ cmd: "serve $HOME", osEnv: false })).code).toBe("job_invalid");
    expect(argvOf({ cmd: "serve $NOPE", shell: true })).toEqual(["sh", "-c", "serve $NOPE"]);
  });

  test("refuses an open quote and a command of nothing", () => {
    expect(thrownBy(() => requestOf({ cmd: "serve 'a" })).message).toContain("a quote is not closed");
    expect(thrownBy(() => requestOf({ cmd: "''" })).message).toBe('Cannot load job "app.web": cmd is empty');
  });
});
