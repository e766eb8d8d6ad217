import { describe, expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import type { DaemonConfig } from "../../../src/config/daemon-config.ts";
import { DEFAULT_DAEMON_CONFIG, loadDaemonConfig } from "../../../src/config/load-daemon-config.ts";
import { TempDir } from "../../support/temp-dir.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const surroundings = { env: { PATH: "/bin", HOME: "/root" } };

/** Loads a file of a folder with these files. */
function load(files: Readonly<Record<string, string>>, name: string = Object.keys(files)[0] ?? ""): DaemonConfig {
  using dir = new TempDir(files);
  return JSON.parse(JSON.stringify(loadDaemonConfig(dir.file(name), surroundings)).replaceAll(dir.path, "DIR"));
}

/** What a load is refused with, the folder's path taken out. */
function refusal(files: Readonly<Record<string, string>>, name = Object.keys(files)[0] ?? ""): string[] {
  using dir = new TempDir(files);
  const { code, message } = thrownBy(() => loadDaemonConfig(dir.file(name), surroundings));
  expect(code).toBe("config_invalid");
  return message.replace("Cannot use the configuration: ", "").replaceAll(`${dir.path}/`, "").split("\n  ");
}

const ini = (text: string): string[] => refusal({ "g.ini": text });
const toml = (text: string): string[] => refusal({ "g.toml": text });

describe("gaffer's first examples", () => {
  const folder = join(import.meta.dir, "../../fixtures/seeds");

  test("run as they were written", () => {
    expect(loadDaemonConfig(join(folder, "gaffer.ini"), surroundings)).toEqual({
      ...DEFAULT_DAEMON_CONFIG,
      file: join(folder, "gaffer.ini"),
      files: [join(folder, "gaffer.ini")],
      endpoints: [
        {
          name: "public",
          bind: [{ kind: "tcp", host: "127.0.0.1", port: 5000 }],
          corsOrigins: [],
          allowedHosts: [],
          insecure: false,
          requireKey: false,
          socketMode: 0o600,
          socketGroup: undefined,
          tls: {},
        },
      ],
      jobs: [
        {
          name: "default.dummy",
          cmd: "./dummy.py",
          numprocesses: 1,
          redirectOutput: ["stdout", "stderr"],
          cwd: folder,
        },
        {
          name: "default.echo",
          cmd: "./echo.py",
          numprocesses: 1,
          redirectOutput: ["stdout", "stderr"],
          redirectInput: true,
          cwd: folder,
        },
      ],
    });
  });

  test("of a single process, in a group, with its environment, without [gaffer]", () => {
    const example = "[process:dummy]\ncmd = ./dummy.py\nnumprocesses = 1\nredirect_output = stdout, stderr\n";
    const environment = "[env:dummy]\nport = 80\n";
    const output = { numprocesses: 1, redirectOutput: ["stdout", "stderr"] };
    expect(load({ "g.ini": example + environment }).jobs).toEqual([
      { name: "default.dummy", cmd: "./dummy.py", cwd: "DIR", env: { PORT: "80" }, ...output },
    ]);
    expect(load({ "g.ini": example.replace("process:dummy", "process:test:dummy") }).jobs).toEqual([
      { name: "test.dummy", cmd: "./dummy.py", cwd: "DIR", ...output },
    ]);
  });

  test("of every setting that they describe", () => {
    const text = [
      "[process:dummy]",
      "cmd = ./dummy.py",
      "args = -some value --option=a",
      "cwd = .",
      "uid =",
      "gid = 33",
      "detach = false",
      "shell = No",
      "flapping = 2, 1., 7., 5",
      "redirect_output = mystdout, mystderr",
      "redirect_input  = true",
      "graceful_timeout = 30",
      "os_env = on",
      "priority = 0",
    ].join("\n");
    expect(load({ "g.ini": text }).jobs).toEqual([
      {
        name: "default.dummy",
        cmd: "./dummy.py",
        args: ["-some", "value", "--option=a"],
        cwd: "DIR",
        uid: "",
        gid: "33",
        detach: false,
        shell: false,
        flapping: { attempts: 2, windowMs: 1000, retryInMs: 7000, maxRetry: 5 },
        redirectOutput: ["mystdout", "mystderr"],
        redirectInput: true,
        gracefulTimeoutMs: 30_000,
        osEnv: true,
        priority: 0,
      },
    ]);
  });
});

describe("loadDaemonConfig()", () => {
  const gaffer = [
    "[gaffer]",
    "bind = 127.0.0.1:0, [::1]:5001 unix:run/g.sock",
    "Backlog = 64",
    "daemonize = yes",
    "pidfile = run/g.pid",
    "error_log = /var/log/g.log",
    "log_level = DEBUG",
    "state_dir = state",
    "output_memory = 64m",
    "output_buffer = 4096",
    "cors_origins = https://ops.example http://localhost:8080",
    "allowed_hosts = Ops.example",
    "socket_mode = 0660",
    "socket_group = www",
    "kernel = false",
    "plugins_dir =",
    "lookupd_address1 =",
    "[endpoint:inner]",
    "bind = :5002",
    "insecure = true",
    "require_key = yes",
    "certfile =",
    "[auth]",
    "keys_backend = default",
    "keys_dbname = ops.db",
  ].join("\n");
  const inToml = [
    "[gaffer]",
    'bind = ["127.0.0.1:0", "[::1]:5001", "unix:run/g.sock"]',
    "backlog = 64",
    "daemonize = true",
    'pidfile = "run/g.pid"',
    'error_log = "/var/log/g.log"',
    'log_level = "debug"',
    'state_dir = "state"',
    'output_memory = "64m"',
    "output_buffer = 4096",
    'cors_origins = "https://ops.example http://localhost:8080"',
    'allowed_hosts = ["ops.example"]',
    "socket_mode = 0o660",
    'socket_group = "www"',
    "kernel = false",
    "[endpoint.inner]",
    'bind = ":5002"',
    "insecure = true",
    "require_key = true",
    "[auth]",
    'keys_dbname = "ops.db"',
  ].join("\n");
  const access = { corsOrigins: ["https://ops.example", "http://localhost:8080"], allowedHosts: ["ops.example"] };
  const expected: Readonly<Record<string, unknown>> = {
    endpoints: [
      {
        name: "gaffer",
        bind: [
          { kind: "tcp", host: "127.0.0.1", port: 0 },
          { kind: "tcp", host: "::1", port: 5001 },
          { kind: "unix", path: "DIR/run/g.sock" },
        ],
        ...access,
        insecure: false,
        requireKey: false,
        socketMode: 0o660,
        socketGroup: "www",
        tls: {},
      },
      {
        name: "inner",
        bind: [{ kind: "tcp", host: "127.0.0.1", port: 5002 }],
        ...access,
        insecure: true,
        requireKey: true,
        socketMode: 0o660,
        socketGroup: "www",
        tls: {},
      },
    ],
    tls: {},
    keyring: { keys: "ops.db", users: "auth.db" },
    defaultAccess: { ...access, insecure: false, requireKey: false },
    daemonize: true,
    pidfile: "DIR/run/g.pid",
    errorLog: "/var/log/g.log",
    logLevel: "debug",
    stateDir: "DIR/state",
    pluginDirs: [],
    plugins: {},
    outputMemoryBytes: 67_108_864,
    outputBufferBytes: 4096,
    webhooks: [],
    jobs: [],
  };

  test("reads every setting of the daemon, from INI and from TOML alike", () => {
    expect(Object(load({ "g.ini": gaffer }))).toEqual({ file: "DIR/g.ini", files: ["DIR/g.ini"], ...expected });
    expect(Object(load({ "g.toml": inToml }))).toEqual({ file: "DIR/g.toml", files: ["DIR/g.toml"], ...expected });
  });

  test("takes the endpoints that http_endpoints names, else all of them", () => {
    const endpoints = "[endpoint:a]\nbind = :1\n[endpoint:b]\nbind = :2\n[endpoint:c]\nbind = :3\n";
    const names = (text: string): string[] => load({ "g.ini": text + endpoints }).endpoints.map(({ name }) => name);
    expect(names("")).toEqual(["a", "b", "c"]);
    expect(names("[gaffer]\nhttp_endpoints = c, a\n")).toEqual(["c", "a"]);
    expect(names("[gaffer]\nhttp_endpoints =\nbind = :4\n")).toEqual(["gaffer", "a", "b", "c"]);
  });

  test("reads names of jobs with their session first, however they are set apart", () => {
    const names = (text: string): string[] => load({ "g.ini": text }).jobs.map(({ name }) => name);
    const headers = ["process:a", "job:s:a", "process:s/b", "process:s.c", "process.s.d", "job:B+-_1"];
    expect(names(headers.map((header) => `[${header}]\ncmd = x\n`).join(""))).toEqual([
      "default.a",
      "s.a",
      "s.b",
      "s.c",
      "s.d",
      "default.B+-_1",
    ]);
    const text =
      '[process.a]\ncmd = "x"\n[process.a.b]\ncmd = "x"\n[job."s:c"]\ncmd = "x"\n[process.s.d.env]\n"a b"="1"\n';
    const { jobs } = load({ "g.toml": `${text}[process.s.d]\ncmd = "x"\n` });
    expect(jobs.map(({ name }) => name)).toEqual(["default.a", "a.b", "s.c", "s.d"]);
    expect(jobs.at(-1)?.env).toEqual({ "a b": "1" });
  });

  test("merges [env:NAME] upper-cased, a job's own env:KEY as it is written over it", () => {
    const text =
      "[env:s:a]\nport = 80\nhost = h\n[process:s:a]\ncmd = x\nenv:HOST = own\nenv:host = low\n[env:s.a]\nPort = 81\n";
    expect(load({ "g.ini": text }).jobs[0]?.env).toEqual({ PORT: "81", HOST: "own", host: "low" });
    const other = '[env.s.a]\nport = 80\nhost = "h"\n[process.s.a]\ncmd = "x"\nenv = {HOST = "own"}\n';
    expect(load({ "g.toml": other }).jobs[0]?.env).toEqual({ PORT: "80", HOST: "own" });
  });

  test("reads limits, sizes, labels and args of an INI file from text", () => {
    const text =
      "[process:a]\ncmd = x\nrlimits = nofile=1024, core=0:unlimited\nlogfile_maxbytes = 1K\nredirect_output =\nargs =\n";
    expect(load({ "g.ini": text }).jobs[0]).toMatchObject({
      rlimits: { nofile: { soft: 1024, hard: 1024 }, core: { soft: 0, hard: null } },
      logfileMaxBytes: 1024,
      redirectOutput: [],
      args: [],
    });
  });

  test("hands plugins whatever their sections say: texts from INI, any value from TOML, keys as written", () => {
    const inIni = "[gaffer]\nplugins_dir = a, /b\nplugin_dir = c\n[plugin:Web.ui]\nTitle = 80\nempty =\n[plugin.x]\n";
    using dir = new TempDir({ "g.ini": inIni });
    const config = loadDaemonConfig(dir.file("g.ini"), { env: {} });
    expect(config.pluginDirs).toEqual([dir.file("a"), "/b", dir.file("c")]);
    expect([...config.plugins]).toEqual([
      ["Web.ui", { Title: "80", empty: "" }],
      ["x", {}],
    ]);
    const asToml =
      '[gaffer]\nplugins_dir = ["my plugins"]\n[plugin.x]\nN = 1\nlist = [1, "a"]\n[plugin.x.deep]\nB = true\n';
    using other = new TempDir({ "g.toml": asToml });
    const read = loadDaemonConfig(other.file("g.toml"), { env: {} });
    expect(read.pluginDirs).toEqual([other.file("my plugins")]);
    expect([...read.plugins]).toEqual([["x", { N: 1, list: [1, "a"], deep: { B: true } }]]);
  });

  test("of two files that speak of one plugin the later wins, key by key", () => {
    using dir = new TempDir({
      "g.ini": "[gaffer]\ninclude = more.ini\n[plugin:x]\na = 1\nb = 1\n",
      "more.ini": "[plugin:x]\nb = 2\n",
    });
    const { plugins } = loadDaemonConfig(dir.file("g.ini"), { env: {} });
    expect([...plugins]).toEqual([["x", { a: "1", b: "2" }]]);
  });

  test("passes over sections of what is not built yet that ask for nothing", () => {
    const empty = "[webhooks]\ncreate =\n[auth]\n[ssl]\n[lookup_ssl]\n[socket:x]\n[plugin:x]\n";
    expect(load({ "g.ini": empty })).toMatchObject({ endpoints: [], jobs: [] });
    expect(load({ "g.toml": "[webhooks]\n[socket.x]\n[process]\n[env]\n[plugin.x]\n" }).jobs).toEqual([]);
  });

  test("finds the file of a folder by its name", () => {
    const files = { "gafferd.ini": "[process:c]\ncmd=x", "gaffer.ini": "[process:b]\ncmd=x" };
    expect(load(files, ".").jobs[0]?.name).toBe("default.b");
    expect(load({ "gaffer.toml": '[process.a]\ncmd="x"', ...files }, ".").file).toBe("DIR/gaffer.toml");
    expect(load({ "gafferd.ini": files["gafferd.ini"] }, ".").jobs[0]?.name).toBe("default.c");
  });

  test("says what it takes when there is nothing to read", () => {
    expect(refusal({ "g.conf": "" })).toEqual([
      'Cannot read configuration "g.conf": its name must end in .ini or .toml',
    ]);
    expect(refusal({}, "no.ini")).toEqual(['Cannot read configuration "no.ini": it does not exist']);
    expect(refusal({ "x/y": "" }, "x")).toEqual([
      'Cannot read configuration "x": the folder holds none of gaffer.toml, gaffer.ini, gafferd.ini',
    ]);
    expect(refusal({ "g.ini": "a\0b" })).toEqual(["g.ini:1:2: a NUL byte: this is a binary file, not text"]);
  });
});

describe("a file that includes others", () => {
  test("reads them depth first, relative to itself, later values first in what counts", () => {
    const config = load({
      "g.ini":
        "[gaffer]\npidfile = a.pid\nlog_level = error\ninclude = sub/one.ini two.toml\ninclude_dir = jobs\n[process:a]\ncmd = x\n",
      "sub/one.ini": "[gaffer]\npidfile = b.pid\ninclude = more.ini\n[process:b]\ncmd = x\n",
      "sub/more.ini": "[process:c]\ncmd = x\ncwd = work\n",
      "two.toml": '[gaffer]\nlog_level = "debug"\n[env.a]\nx = 1\n',
      "jobs/z.ini": "[process:z]\ncmd = x\n",
      "jobs/deep/d.toml": '[process.d]\ncmd = "x"\n',
      "jobs/notes.txt": "not read",
      "jobs/.hidden.ini": "not read",
    });
    expect(config).toMatchObject({
      pidfile: "DIR/sub/b.pid",
      logLevel: "debug",
      files: [
        "DIR/g.ini",
        "DIR/sub/one.ini",
        "DIR/sub/more.ini",
        "DIR/two.toml",
        "DIR/jobs/deep/d.toml",
        "DIR/jobs/z.ini",
      ],
    });
    expect(config.jobs.map(({ name, cwd }) => `${name} ${cwd}`)).toEqual([
      "default.a DIR",
      "default.b DIR/sub",
      "default.c DIR/sub/work",
      "default.d DIR/jobs/deep",
      "default.z DIR/jobs",
    ]);
    expect(config.jobs[0]?.env).toEqual({ X: "1" });
  });

  test("refuses a job without a command, an empty section too: at a reload it would stop the job without a word", () => {
    for (const text of ["[process:a]\n", "[process:a]\nnumprocesses = 2\n"]) {
      expect(thrownBy(() => load({ "g.ini": text })).message).toContain("[process:a]: cmd is missing");
    }
    expect(thrownBy(() => load({ "g.toml": "[process.a]\n" })).message).toContain("cmd is missing");
  });

  test("may have an empty folder, and itself in the folder it includes", () => {
    const config = load({
      "g.ini": "[gaffer]\ninclude_dir = . none\ninclude = a.ini ./a.ini\n",
      "a.ini": "",
      "none/x.txt": "",
    });
    expect(config.files).toEqual(["DIR/g.ini", "DIR/a.ini"]);
  });

  test("does not follow links round and round", () => {
    using dir = new TempDir({ "g.ini": "[gaffer]\ninclude_dir = d\n", "d/a.ini": "" });
    symlinkSync(dir.path, dir.file("d/up"));
    symlinkSync("gone.ini", dir.file("d/gone.ini"));
    expect(loadDaemonConfig(dir.file("g.ini"), surroundings).files).toEqual([dir.file("g.ini"), dir.file("d/a.ini")]);
  });

  test("does not wait for a pipe that is called like a file", () => {
    using dir = new TempDir({ "g.ini": "[gaffer]\ninclude_dir = d\ninclude = d/a.ini\n", "d/b.ini": "" });
    Bun.spawnSync(["mkfifo", dir.file("d/a.ini")]);
    const refused = (name: string): string =>
      thrownBy(() => loadDaemonConfig(dir.file(name), surroundings)).message.replaceAll(`${dir.path}/`, "");
    expect(refused("g.ini").split("\n  ").slice(1)).toEqual([
      'g.ini:2:15: include_dir has "d/a.ini": it is no regular file',
      'g.ini:3:11: include has "d/a.ini": it is no regular file',
    ]);
    expect(refused("d/a.ini")).toBe('Cannot read configuration "d/a.ini": it is no regular file');
  });

  test("tells of what is missing, circular or of another kind at its place", () => {
    expect(
      refusal({
        "g.ini": "[gaffer]\ninclude = no.ini d x.conf a.ini\ninclude_dir = no g.ini\n",
        "d/x": "",
        "x.conf": "",
        "a.ini": "[gaffer]\ninclude = g.ini\n",
      }),
    ).toEqual([
      "6 problems",
      'g.ini:2:11: include has "no.ini": there is no such file',
      'g.ini:2:11: include has "d": it is a folder, which takes include_dir',
      'g.ini:2:11: include has "x.conf": its name must end in .ini or .toml',
      'g.ini:3:15: include_dir has "no": there is no such folder',
      'g.ini:3:15: include_dir has "g.ini": there is no such folder',
      "a.ini:2:11: include goes in a circle: g.ini > a.ini > g.ini",
    ]);
  });

  test("tells of what is wrong in all of them at once", () => {
    expect(
      refusal({
        "g.ini": "[gaffer]\ninclude = a.ini b.toml c.ini\nbnd = x\n[process:a]\ncmd = x\n",
        "a.ini": "[process:a]\ncmd = y\noops\n",
        "b.toml": "x =\n",
        "c.ini": "\0",
      }),
    ).toEqual([
      "5 problems",
      'g.ini:3:1: there is no setting "bnd" in [gaffer] (did you mean "bind"?)',
      'a.ini:1:1: [process:a]: job "default.a" is defined by [process:a] at g.ini:4:1 already',
      'a.ini:3:1: "oops" is no entry: write "key = value"',
      "b.toml:1:4: it is not TOML: invalid value",
      "c.ini:1:1: a NUL byte: this is a binary file, not text",
    ]);
  });
});

describe("a bad configuration", () => {
  test("is told of whole: place, key, value, what is allowed", () => {
    expect(
      ini(
        [
          "[gaffer]",
          "bind = localhost:99999",
          "log_level = loud",
          "output_memory = much",
          "http_endpoints = pub",
          "[endpoint:public]",
          "[process:web]",
          "numprocesses = three",
          "env:A=B",
          "[env:wed]",
          "port = 80",
        ].join("\n"),
      ),
    ).toEqual([
      "7 problems",
      'g.ini:2:8: bind "localhost:99999": a port is 0 to 65535',
      'g.ini:3:13: log_level is the text "loud": it must be one of critical, error, warning, info, debug',
      'g.ini:4:17: output_memory is the text "much": it must be a number of bytes, or one with k, m or g such as 50m',
      'g.ini:5:18: http_endpoints has "pub": there is no [endpoint:pub] (did you mean "public"?)',
      "g.ini:7:1: [process:web]: cmd is missing: it takes a program or a command line",
      'g.ini:8:16: numprocesses is the text "three": it must be a whole number, 0 to 32768',
      'g.ini:10:1: [env:wed]: there is no job "default.wed" (did you mean "default.web"?)',
    ]);
  });

  const faults: readonly [text: string, problem: string][] = [
    ["[gafer]", 'g.ini:1:1: there is no section [gafer] (did you mean "gaffer"?)'],
    ["[Gaffer]", 'g.ini:1:1: there is no section [Gaffer] (did you mean "gaffer"?)'],
    ["[gaffer:x]", "g.ini:1:1: [gaffer:x]: there is one [gaffer], without a name"],
    ["[endpoint]\nbind=:1", "g.ini:1:1: [endpoint] has no name: write [endpoint:NAME]"],
    ["[endpoint:a]\nbacklog=1", "g.ini:1:1: [endpoint:a]: bind is missing: it takes host:port, :port or unix:/path"],
    [
      "[gaffer]\nbind=:1\n[endpoint:gaffer]\nbind=:2",
      "g.ini:3:1: [endpoint:gaffer]: bind of [gaffer] has that name already: choose another",
    ],
    ["[gaffer]\nbind=:1 127.0.0.1:1", "g.ini:2:6: bind 127.0.0.1:1 is asked for at g.ini:2:6 already"],
    [`[gaffer]\nbind=unix:${"x".repeat(110)}`, "g.ini:2:6: bind"],
    ["[gaffer]\nbind=:1\nBIND=:2", "g.ini:3:1: BIND stands at g.ini:2:1 already: leave one of them"],
    ["[gaffer]\n[gaffer]", "g.ini:2:1: [gaffer] stands at g.ini:1:1 already: put both together"],
    [
      "[process:a]\ncmd=x\n[job:default.a]\ncmd=x",
      'g.ini:3:1: [job:default.a]: job "default.a" is defined by [process:a] at g.ini:1:1 already',
    ],
    ["[process:a]\ncmd=x\nenv:A=1\nenv:A=2", "g.ini:4:1: env:A stands at g.ini:3:1 already: leave one of them"],
    ["[process:a]\ncmd=x\nenv=1", "g.ini:3:1: env takes a line for each variable: write env:NAME = value"],
    ["[process:a]\ncmd=x\nname=b", "g.ini:3:1: name is given by the section already, [process:a]: leave it out"],
    [
      "[process:a]\ncmd=x\nnumproceses=2",
      'g.ini:3:1: there is no setting "numproceses" (did you mean "numprocesses"?)',
    ],
    ["[process:a b]\ncmd=x", 'g.ini:1:1: [process:a b]: job name "a b": a name is letters'],
    ["[process:a]\ncmd=x 'y", 'g.ini:2:5: cmd "x \'y": a quote is not closed'],
    [
      "[process:a]\ncmd=x $NOPE",
      "g.ini:2:5: $NOPE has no value: set it in env, or write $$NOPE for a literal dollar sign",
    ],
    [
      "[process:a]\ncmd=x\nstderr_logfile=e\nredirect_output=o",
      "g.ini:3:16: stderr_logfile is set, but redirect_output does not tell stderr apart",
    ],
    ["[process:a]\ncmd=x\nflapping=0 1 1 1", "g.ini:3:10: flapping attempts must be 1 or more"],
    ["[process:a]\ncmd=x\nrlimits=nofile", 'g.ini:3:9: rlimits is the text "nofile": it must be a table'],
    ["[env:a b]", 'g.ini:1:1: [env:a b]: job name "a b": a name is letters'],
    ["[gaffer]\ncors_origins=ops.example", 'g.ini:2:14: cors_origins has "ops.example": an origin is like'],
    ["[gaffer]\ncors_origins=*", 'g.ini:2:14: cors_origins has "*": an origin is like'],
    ["[gaffer]\nallowed_hosts=http://x", 'g.ini:2:15: allowed_hosts has "http://x": it takes names of hosts'],
    [
      "[gaffer]\nsocket_mode=999",
      'g.ini:2:13: socket_mode is the text "999": it must be octal permission bits such as "0660"',
    ],
    ["[gaffer]\ninsecure=maybe", 'g.ini:2:10: insecure is the text "maybe": it must be true or false'],
    ["[ssl]\nca_cert = a", 'g.ini:2:1: there is no setting "ca_cert" in [ssl] (did you mean "ca_certs"'],
    ["[endpoint:x]\nbind = :1\nkeyfile = k", "g.ini:3:11: keyfile is set, but no certfile is beside it"],
    ["[endpoint:x]\nbind = :1\ncacert = /nope", 'g.ini:3:10: cacert "/nope" does not exist'],
    ["[gaffer]\nbacklog=-1", "g.ini:2:9: backlog is the number -1: it must be a whole number, 0 or more"],
  ];
  for (const [text, problem] of faults) {
    test(`is refused: ${JSON.stringify(text.slice(0, 60))}`, () => {
      const [told = "", ...more] = ini(text);
      expect([told.slice(0, problem.length), more]).toEqual([problem, []]);
    });
  }

  const unbuilt: readonly [text: string, problem: string][] = [
    ["[socket:web]\nport = 80", "port is set, but sockets are not built yet: leave it out"],
    ["[lookup_ssl]\ncertfile = a", "certfile is set, but lookup is not built yet: leave it out"],
    ["[gaffer]\nkernel = unix:/k", "kernel is set, but the kernel is not built yet: leave it out"],
    ["[gaffer]\nlookupd_address_2 = http://x", "lookupd_address_2 is set, but lookup is not built yet: leave it out"],
    ["[gaffer]\nbroadcast_address = http://x", "broadcast_address is set, but lookup is not built yet: leave it out"],
    ["[process:a]\ncmd = x\nsockets = web", "sockets asks for sockets, which are not built yet: leave it out"],
  ];
  for (const [text, problem] of unbuilt) {
    test(`asks for what is not built yet: ${JSON.stringify(text)}`, () => {
      const [told = "", ...more] = ini(text);
      expect([told.replace(/^g\.ini:\d+:\d+: /, ""), more]).toEqual([problem, []]);
    });
  }

  const tomlFaults: readonly [text: string, problem: string][] = [
    ["a = ", "g.toml:1:5: it is not TOML: invalid value"],
    [
      '[gaffer]\nbind = ":1"\nbind = ":2"',
      "g.toml:3:1: it is not TOML: trying to redefine an already defined table or value",
    ],
    [
      "[gaffer]\nbacklog = 9007199254740993",
      "g.toml:2:11: it is not TOML: integer value cannot be represented losslessly",
    ],
    [
      'bind = ":1"',
      'g.toml:1:1: "bind" stands outside of any section: write the section it belongs to, [gaffer] above it',
    ],
    ["gaffer = 3", "g.toml:1:1: gaffer is the number 3: it must be a section, [gaffer]"],
    ["[proces.a]", 'g.toml:1:1: there is no section [proces] (did you mean "process"?)'],
    ['[endpoint]\nbind = ":1"', 'g.toml:2:1: bind is the text ":1": write a section [endpoint.NAME]'],
    ["[gaffer]\nBacklog = 1", 'g.toml:2:1: there is no setting "Backlog" in [gaffer] (did you mean "backlog"?)'],
    ["[gaffer]\nbacklog = 1.5", "g.toml:2:11: backlog is the number 1.5: it must be a whole number, 0 or more"],
    ["[gaffer]\nsocket_mode = 660", "g.toml:2:15: socket_mode is the number 660: it must be octal"],
    ['[process.a]\ncmd = "x"\n[process.a.rlimits]\nnofil = 1', "g.toml:4:1: rlimits nofil is no limit"],
    ['[process.a]\ncmd = "x"\nenv = {A = 1, B = []}', "g.toml:3:15: env B is an empty list: it must be a text"],
    ['[process.a]\ncmd = "x"\nstart = 2020-01-01', "g.toml:3:9: start is a date: it must be true or false"],
    ["[[process.a]]", "g.toml:1:1: a is a list: write a section [process.NAME]"],
    ['[process.a]\ncmd = "x"\n[env.a]\nx = 1\nX = 2', "g.toml:5:1: X stands at g.toml:4:1 already: leave one"],
    ['[process.s.b]\ncmd = ["x"]', "g.toml:2:7: cmd is a list: it must be a text"],
  ];
  for (const [text, problem] of tomlFaults) {
    test(`is refused: ${JSON.stringify(text)}`, () => {
      const [told = "", ...more] = toml(text);
      expect([told.slice(0, problem.length), more]).toEqual([problem, []]);
    });
  }

  test("is told of up to the twentieth problem", () => {
    const many = Array.from({ length: 50_000 }, (_, index) => `unknown_${index} = 1\n`).join("");
    for (const section of ["gaffer", "process:a", "endpoint:a"]) {
      const problems = ini(`[${section}]\n${many}`);
      expect([problems[0], problems.length]).toEqual(["at least 20 problems", 21]);
    }
  });
});
