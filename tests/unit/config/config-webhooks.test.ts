import { describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { configSchema } from "../../../src/config/config-json-schema.ts";
import type { WebhookConfig } from "../../../src/config/daemon-config.ts";
import { describeConfig } from "../../../src/config/describe-config.ts";
import { loadDaemonConfig } from "../../../src/config/load-daemon-config.ts";
import { TempDir } from "../../support/temp-dir.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const surroundings = { env: {} };
const whsec = `whsec_${Buffer.alloc(24, 7).toString("base64")}`;

interface Read {
  readonly hook: string;
  readonly key?: string;
  readonly file?: string;
}

const read = ({ pattern, url, key, secretFile }: WebhookConfig, folder: string): Read => ({
  hook: `${pattern} ${url}`,
  ...(key === undefined ? {} : { key: Buffer.from(key).toString() }),
  ...(secretFile === undefined ? {} : { file: secretFile.replace(folder, "DIR") }),
});

/** The webhooks of the first of these files. */
function load(files: Readonly<Record<string, string>>): Read[] {
  using dir = new TempDir({ "a.secret": "one\n", "b.secret": "two", ...files });
  const { webhooks } = loadDaemonConfig(dir.file(Object.keys(files)[0] ?? ""), surroundings);
  return webhooks.map((one) => read(one, dir.path));
}

const ini = (text: string): Read[] => load({ "g.ini": `[webhooks]\n${text}` });
const toml = (text: string): Read[] => load({ "g.toml": `[webhooks]\n${text}` });

/** What a file is refused with. */
function refusal(name: string, text: string): string[] {
  using dir = new TempDir({
    [name]: text,
    "a.secret": "one",
    "b.secret": "two",
    "empty.secret": "\n",
    "bad.secret": "whsec_!",
  });
  mkdirSync(dir.file("folder"));
  const { code, message } = thrownBy(() => loadDaemonConfig(dir.file(name), surroundings));
  expect(code).toBe("config_invalid");
  return message.replace("Cannot use the configuration: ", "").replaceAll(`${dir.path}/`, "").split("\n  ");
}

describe("[webhooks] of an INI file", () => {
  test("names URLs for patterns, case kept, apart by commas or blanks", () => {
    expect(
      ini(
        [
          "exit = http://a.example, http://b.example/x,y?z=1,2",
          "job.MyApp.Web = https://a.example https://c.example,https://d.example,",
          "  https://e.example",
          ". = http://u:p@f.example/",
          "create =",
          "stop_pid. = http://a.example",
        ].join("\n"),
      ).map(({ hook }) => hook),
    ).toEqual([
      "exit http://a.example/",
      "exit http://b.example/x,y?z=1,2",
      "job.MyApp.Web https://a.example/",
      "job.MyApp.Web https://c.example/",
      "job.MyApp.Web https://d.example/",
      "job.MyApp.Web https://e.example/",
      ". http://u:p@f.example/",
      "stop_pid http://a.example/",
    ]);
  });

  test("names a secret for one URL, or for all that name none", () => {
    expect(ini("exit = http://a.example secret_file=a.secret, http://b.example")).toEqual([
      { hook: "exit http://a.example/", key: "one", file: "DIR/a.secret" },
      { hook: "exit http://b.example/" },
    ]);
    expect(
      ini(
        "exit = http://a.example\n. = http://b.example, secret_file=b.secret http://c.example secret_file=\nsecret_file = a.secret",
      ),
    ).toEqual([
      { hook: "exit http://a.example/", key: "one", file: "DIR/a.secret" },
      { hook: ". http://b.example/", key: "two", file: "DIR/b.secret" },
      { hook: ". http://c.example/" },
    ]);
  });

  test("gives one URL one secret, whichever of its patterns names it, and is said twice once", () => {
    expect(ini("exit = http://a.example\nload = http://a.example secret_file=a.secret http://A.example/")).toEqual([
      { hook: "exit http://a.example/", key: "one", file: "DIR/a.secret" },
      { hook: "load http://a.example/", key: "one", file: "DIR/a.secret" },
    ]);
  });

  test("reads a secret of the convention", () => {
    expect(load({ "g.ini": "[webhooks]\n. = http://a.example secret_file=w", w: whsec })[0]?.key).toBe(
      "\x07".repeat(24),
    );
  });

  test("of a later file wins key by key, files taken from the folder that names them", () => {
    expect(
      load({
        "g.ini": "[gaffer]\ninclude = more/m.ini\n[webhooks]\nexit = http://a.example\nload = http://a.example",
        "more/m.ini": "[webhooks]\nexit = http://m.example secret_file=m.secret",
        "more/m.secret": "of more",
      }),
    ).toEqual([
      { hook: "exit http://m.example/", key: "of more", file: "DIR/more/m.secret" },
      { hook: "load http://a.example/" },
    ]);
  });
});

describe("[webhooks] of a TOML file", () => {
  test("takes texts, tables, lists of them, and patterns with and without quotes", () => {
    const text = `
      secret_file = "b.secret"
      exit = "http://a.example secret_file=a.secret"
      load = { url = "http://b.example", secret_file = "" }
      "job.default.web.exit" = ["http://c.example", { url = "http://d.example", secret_file = "a.secret" }]
      job.My-App.web = "http://e.example"
      job.url.web.exit = "http://f.example"
      "." = []
    `;
    expect(toml(text)).toEqual([
      { hook: "exit http://a.example/", key: "one", file: "DIR/a.secret" },
      { hook: "load http://b.example/" },
      { hook: "job.default.web.exit http://c.example/", key: "two", file: "DIR/b.secret" },
      { hook: "job.default.web.exit http://d.example/", key: "one", file: "DIR/a.secret" },
      { hook: "job.My-App.web http://e.example/", key: "two", file: "DIR/b.secret" },
      { hook: "job.url.web.exit http://f.example/", key: "two", file: "DIR/b.secret" },
    ]);
  });
});

describe("a bad [webhooks] tells place and reason:", () => {
  const faults: readonly (readonly [name: string, text: string, ...problems: string[]])[] = [
    [
      "g.ini",
      "[webhooks]\nexit = ops.example/hook",
      'g.ini:2:8: exit has "ops.example/hook": it is no URL, such as https://ops.example/hook',
    ],
    [
      "g.ini",
      "[webhooks]\nexit = http://a.example, ftp://u:secret@b.example/x",
      'g.ini:2:8: exit has "ftp://***@b.example/x": it must begin with http:// or https://',
    ],
    ["g.ini", "[webhooks]\n = http://a.example", 'g.ini:2:2: there is no key before the "="'],
    ["g.toml", '[webhooks]\n"" = "http://a.example"', 'g.toml:2:1: event pattern "": it is empty; . is every event'],
    [
      "g.ini",
      "[webhooks]\n\n  Exit = http://a.example\nexit.web = http://a.example",
      "2 problems",
      'g.ini:3:3: event pattern "Exit": there is no event "Exit" (did you mean "exit"?)',
      'g.ini:4:1: event pattern "exit.web": nothing follows exit; for one job write job.SESSION.JOB.exit',
    ],
    [
      "g.ini",
      "[webhooks]\nexit = http://a.example secret_file=a.secret\nload = http://a.example secret_file=b.secret",
      "g.ini:3:8: load has a URL with another secret_file than at g.ini:2:8",
    ],
    ["g.ini", "[webhooks]\nexit = secret_file=a.secret http://a", "g.ini:2:8: exit has secret_file= before any URL"],
    [
      "g.ini",
      "[webhooks]\nexit = http://a secret_file=a secret_file=b",
      "g.ini:2:8: exit has secret_file= twice for one URL",
    ],
    ["g.ini", "[webhooks]\nexit = http://a secret_file=none", 'g.ini:2:8: secret_file "none": there is no such file'],
    [
      "g.ini",
      "[webhooks]\nsecret_file = folder\nexit = http://a\nload = http://b",
      'g.ini:2:15: secret_file "folder": it is a directory',
    ],
    [
      "g.ini",
      "[webhooks]\nexit = http://a secret_file=empty.secret",
      'g.ini:2:8: secret_file "empty.secret": it is empty',
    ],
    [
      "g.ini",
      "[webhooks]\nexit = http://a secret_file=bad.secret",
      'g.ini:2:8: secret_file "bad.secret": what follows whsec_ is not base64',
    ],
    [
      "g.toml",
      "[webhooks]\nexit = 5",
      "g.toml:2:8: exit is the number 5: it must be a URL, or a table with url and secret_file",
    ],
    [
      "g.toml",
      "[webhooks]\nexit = [[]]",
      "g.toml:2:8: exit is an empty list: it must be a URL, or a table with url and secret_file",
    ],
    [
      "g.toml",
      '[webhooks]\nexit = { url = "http://a", secret = "x" }',
      'g.toml:2:8: exit has "secret": a webhook takes url and secret_file (did you mean "secret_file"?)',
    ],
    [
      "g.toml",
      '[webhooks]\nexit = { url = "http://a", secret_file = 1 }',
      "g.toml:2:8: exit has secret_file, which is the number 1: it must be the name of a file",
    ],
    [
      "g.toml",
      "[webhooks]\nexit = { url = 1 }",
      "g.toml:2:8: exit is a table: it must be a URL, or a table with url and secret_file",
    ],
    ["g.toml", "[webhooks]\nsecret_file = 1", "g.toml:2:15: secret_file is the number 1: it must be a text"],
    ["g.ini", "[webhooks:x]\nexit = http://a", "g.ini:1:1: [webhooks:x]: there is one [webhooks], without a name"],
  ];
  for (const [name, text, ...problems] of faults) {
    test(JSON.stringify(text), () => {
      expect(refusal(name, text)).toEqual(problems);
    });
  }
});

test("describeConfig() shows webhooks without passwords and secrets", () => {
  using dir = new TempDir({
    "g.ini":
      "[webhooks]\n. = https://u:pa55@a.example/x?token=t0k3n secret_file=s, http://b.example\nexit = http://b.example",
    s: "the s3cret",
  });
  const config = loadDaemonConfig(dir.file("g.ini"), surroundings);
  const text = describeConfig(config);
  for (const secret of ["pa55", "t0k3n", "s3cret"]) expect(text).not.toContain(secret);
  const again = loadDaemonConfig(dir.write("again.toml", text), surroundings);
  expect(again.webhooks.map((one) => read(one, dir.path))).toEqual([
    { hook: ". https://***@a.example/x?***", key: "the s3cret", file: "DIR/s" },
    { hook: ". http://b.example/" },
    { hook: "exit http://b.example/" },
  ]);
});

test("the JSON Schema takes what is taken", () => {
  const schema: { properties: { webhooks: unknown } } = JSON.parse(JSON.stringify(configSchema()));
  expect(schema.properties.webhooks).toMatchObject({
    properties: { secret_file: { type: "string" } },
    additionalProperties: {
      anyOf: [{ type: "string" }, { type: "object", required: ["url"] }, { type: "array" }, { type: "object" }],
    },
  });
});
