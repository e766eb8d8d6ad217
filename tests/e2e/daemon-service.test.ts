import { expect, test } from "bun:test";
import { existsSync, readFileSync, renameSync, symlinkSync } from "node:fs";
import { RunningDaemon } from "../support/running-daemon.ts";
import { gafferBinary } from "../support/gaffer-binary.ts";
import { RunningGaffer } from "../support/running-gaffer.ts";
import { TempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

const own = ["--bind", "unix:g.sock", "--state-dir", "state"];
const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`);
const answer = async (dir: TempDir, path = "/ping"): Promise<string> =>
  (await fetch(`http://localhost${path}`, { unix: dir.file("g.sock") })).text();

test("--daemon returns once it answers: a session of its own, its pid in the file, no terminal", async () => {
  using dir = new TempDir();
  const args = ["daemon", ...own, "--daemon", "--pidfile", "g.pid", "--error-log", "g.log"];
  await using gaffer = new RunningGaffer(args, { cwd: dir.path });
  expect((await gaffer.ended()).code).toBe(0);
  const pid = Number(readFileSync(dir.file("g.pid"), "utf8"));
  try {
    expect(await answer(dir)).toBe("OK");
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const [, parent, group, session] = stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number);
    expect([group, session, parent === gaffer.child.pid]).toEqual([pid, pid, false]);
    await using second = new RunningGaffer(args, { cwd: dir.path });
    expect([(await second.ended()).code, second.stderr]).toEqual([
      1,
      expect.stringMatching(/Cannot (take pidfile|listen on|.*state)/),
    ]);
    expect(await answer(dir)).toBe("OK");
  } finally {
    process.kill(pid, "SIGTERM");
  }
  await waitFor(
    () => !isAlive(pid),
    () => `the end of ${pid}`,
  );
  expect(existsSync(dir.file("g.pid"))).toBe(false);
  expect(readFileSync(dir.file("g.log"), "utf8")).toContain("stopped");
});

test("--daemon without a log lives on when whoever started it has gone, and its children get nothing of ours", async () => {
  using dir = new TempDir();
  await using gaffer = new RunningGaffer(["daemon", ...own, "--daemon", "--pidfile", "g.pid"], { cwd: dir.path });
  expect((await gaffer.ended()).code).toBe(0);
  const pid = Number(readFileSync(dir.file("g.pid"), "utf8"));
  // SIGUSR1 makes it write to a stderr that nobody reads.
  process.kill(pid, "SIGUSR1");
  process.kill(pid, "SIGHUP");
  expect(await answer(dir)).toBe("OK");
  const body = JSON.stringify({ name: "a", cmd: "sh -c 'env > env.part; mv env.part env; sleep 1000'", cwd: dir.path });
  await fetch("http://localhost/jobs/s", { unix: dir.file("g.sock"), method: "POST", body });
  await waitFor(
    () => existsSync(dir.file("env")),
    () => "the environment of a child",
  );
  expect(readFileSync(dir.file("env"), "utf8")).not.toMatch(/GAFFER_READY_FD|BUN_|NOTIFY_SOCKET/);
  process.kill(pid, "SIGTERM");
  await waitFor(
    () => !isAlive(pid),
    () => `the end of ${pid}`,
  );
});

test("--daemon that can't begin says why and gives its exit code", async () => {
  using dir = new TempDir({ "g.sock": "no socket" });
  for (const [args, code, why] of [
    [["daemon", ...own, "--daemon"], 1, "it is no socket"],
    [["daemon", "--bind", "0.0.0.0:0", "--daemon"], 2, "beyond loopback"],
    [["daemon", "--bind", "unix:x.sock", "--state-dir", "state", "--error-log", "no/log", "--daemon"], 1, "error log"],
    [["daemon", "--bind", "unix:x.sock", "--state-dir", "state", "--pidfile", "no/pid", "--daemon"], 1, "pidfile"],
  ] as const) {
    await using gaffer = new RunningGaffer(args, { cwd: dir.path });
    expect([args, (await gaffer.ended()).code, gaffer.stderr]).toEqual([args, code, expect.stringContaining(why)]);
  }
});

test("SIGUSR1 opens the error log anew", async () => {
  using dir = new TempDir();
  await using gaffer = new RunningGaffer(["daemon", ...own, "--error-log", "g.log"], { cwd: dir.path });
  const log = (name: string): string => (existsSync(dir.file(name)) ? readFileSync(dir.file(name), "utf8") : "");
  await waitFor(
    () => log("g.log").includes("listening"),
    () => gaffer.stderr,
  );
  renameSync(dir.file("g.log"), dir.file("g.log.1"));
  gaffer.child.kill("SIGUSR1");
  await waitFor(
    () => log("g.log").includes("opened anew"),
    () => `a new log beside ${log("g.log.1")}`,
  );
  expect((await gaffer.stop()).code).toBe(0);
  expect([log("g.log.1").includes("stopped"), log("g.log").includes("stopped")]).toEqual([false, true]);
});

for (const kind of ["path", "abstract"] as const) {
  test(`systemd hears READY, RELOADING and STOPPING by a socket with ${kind === "path" ? "a path" : "an abstract name"}`, async () => {
    using dir = new TempDir();
    const name = kind === "path" ? dir.file("notify") : `@gaffer-test-${process.pid}`;
    const script = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("\\0" + sys.argv[1][1:] if sys.argv[1][0] == "@" else sys.argv[1])
print("bound", flush=True)
while True:
    got = s.recv(4096).decode()
    print(repr(got), flush=True)
    if "STOPPING" in got: break
`;
    const receiver = Bun.spawn(["/usr/bin/python3", "-c", script, name], { stdio: ["ignore", "pipe", "inherit"] });
    let heard = "";
    const reading = (async () => {
      for await (const chunk of receiver.stdout) heard += Buffer.from(chunk).toString();
    })();
    const hears = (text: string): Promise<void> =>
      waitFor(
        () => heard.includes(text),
        () => `${text} in ${heard}`,
      );
    await hears("bound");
    await using daemon = await RunningDaemon.start({ env: { NOTIFY_SOCKET: name } });
    await hears("'READY=1'");
    daemon.gaffer.child.kill("SIGHUP");
    await hears("'RELOADING=1\\nMONOTONIC_USEC=");
    await waitFor(
      () => heard.match(/READY=1/g)?.length === 2,
      () => heard,
    );
    await daemon.stopped();
    await reading;
    expect(heard).toContain("'STOPPING=1'");
    expect(await receiver.exited).toBe(0);
  });
}

test("--unit prints a unit that systemd takes, whatever the paths hold", async () => {
  using dir = new TempDir();
  const args = ["daemon", "--daemon", "--unit", "--bind", 'unix:a b%c$d"e.sock', "--state-dir", "/tmp/st"];
  await using gaffer = new RunningGaffer(args, { cwd: dir.path });
  expect((await gaffer.ended()).code).toBe(0);
  expect(gaffer.stdout).toContain(`ExecStart=${gafferBinary()} daemon --bind "unix:a b%%c$$d\\"e.sock" --state-dir`);
  expect(gaffer.stdout).toContain(`WorkingDirectory=${dir.path}\n`);
  if (Bun.which("systemd-analyze") === null) return console.log("not verified: there is no systemd-analyze here");
  const unit = dir.write("gaffer-test.service", gaffer.stdout);
  const verify = Bun.spawnSync(["systemd-analyze", "verify", unit]);
  expect(verify.stderr.toString()).not.toContain("gaffer-test");
});

test("called gafferd it is the daemon", async () => {
  using dir = new TempDir();
  symlinkSync(gafferBinary(), dir.file("gafferd"));
  await using child = Bun.spawn([dir.file("gafferd"), ...own], { cwd: dir.path, stdio: ["ignore", "ignore", "pipe"] });
  await waitFor(
    () => existsSync(dir.file("g.sock")),
    () => "its socket",
  );
  while ((await answer(dir).catch(() => "")) !== "OK") await Bun.sleep(5);
  child.kill("SIGTERM");
  expect([await child.exited, await child.stderr.text()]).toEqual([0, expect.stringContaining("stopped")]);
});

test("as process 1 it reaps strangers, and ends with its own code", async () => {
  using dir = new TempDir();
  const inner = [gafferBinary(), "daemon", ...own];
  await using child = Bun.spawn(["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", ...inner], {
    cwd: dir.path,
    stdio: ["ignore", "ignore", "pipe"],
  });
  await waitFor(
    () => existsSync(dir.file("g.sock")),
    () => "its socket",
  );
  while ((await answer(dir).catch(() => "")) !== "OK") await Bun.sleep(5);
  // Each leaves a stranger behind that dies later; what nobody reaps would stay as a zombie.
  const zombies = "cut -d' ' -f3 /proc/[0-9]*/stat 2>/dev/null | grep -c Z";
  const orphans = "for i in 1 2 3 4 5 6 7 8; do (setsid sleep 0.05 &); done";
  const script = `${orphans}; sleep 0.2; until [ "$(${zombies})" = 0 ]; do sleep 0.05; done; : > reaped; sleep 1000`;
  dir.write("leave.sh", script);
  const body = JSON.stringify({ name: "a", cmd: "sh leave.sh", cwd: dir.path });
  await fetch("http://localhost/jobs/s", { unix: dir.file("g.sock"), method: "POST", body });
  await waitFor(
    () => existsSync(dir.file("reaped")),
    () => "the end of all zombies",
  );
  await fetch("http://localhost/shutdown", { unix: dir.file("g.sock"), method: "POST" });
  expect(await child.exited).toBe(0);
  expect(await child.stderr.text()).toContain("stopped");
});
