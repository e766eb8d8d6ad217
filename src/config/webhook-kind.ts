import { type FieldKind, type JsonSchema, type Report, shown, tableEntries } from "../base/field-kind.ts";
import { GafferError } from "../base/gaffer-error.ts";
import { didYouMean } from "../base/nearest.ts";
import { parseWebhookUrl } from "../base/webhook-url.ts";

/** One URL that an entry of `[webhooks]` names. */
export interface WebhookValue {
  /** What follows the key in the pattern: TOML reads `job.web.exit = …` as tables. */
  readonly below: readonly string[];
  readonly url: string;
  /** As it is written; empty = not signed. Undefined = what the section says. */
  readonly secretFile: string | undefined;
}

const SECRET_FILE = "secret_file";
const FIELDS = ["url", SECRET_FILE] as const;

const one: JsonSchema = {
  anyOf: [
    { type: "string", description: "URLs, each with secret_file=FILE behind it if need be" },
    {
      type: "object",
      properties: { url: { type: "string" }, secret_file: { type: "string" } },
      required: ["url"],
      additionalProperties: false,
    },
  ],
};

/** URLs that an event is posted to: a text, a table, or a list of these; below a table without a url, patterns go on. */
export const webhookKind: FieldKind<readonly WebhookValue[]> = {
  schema: { anyOf: [...[one["anyOf"]].flat(), { type: "array", items: one }, { type: "object" }] },
  read(value, report) {
    const reader = new WebhookReader(report);
    const values = reader.read(value, []);
    return reader.isFaulty ? undefined : values;
  },
  fromText: (written) => written,
  show: (values) => values,
};

class WebhookReader {
  readonly #report: Report;
  isFaulty = false;

  constructor(report: Report) {
    this.#report = report;
  }

  read(value: unknown, below: readonly string[]): WebhookValue[] {
    const entries = tableEntries(value);
    if (typeof value === "string") return this.#ofText(value, below);
    if (entries !== undefined && !isHook(entries)) {
      return entries.flatMap(([name, item]) => this.read(item, [...below, name]));
    }
    if (!Array.isArray(value)) return this.#ofItem(value, below);
    const items: readonly unknown[] = value;
    return items.flatMap((item) => this.#ofItem(item, below));
  }

  #fault(fact: string): void {
    this.isFaulty = true;
    this.#report(fact);
  }

  #ofItem(item: unknown, below: readonly string[]): WebhookValue[] {
    if (typeof item === "string") return this.#ofText(item, below);
    const fields = new Map(tableEntries(item));
    const [url, secretFile] = FIELDS.map((name) => fields.get(name));
    const unknown = [...fields.keys()].find((name) => !FIELDS.some((field) => field === name));
    if (typeof url !== "string") {
      this.#fault(`is ${shown(item)}: it must be a URL, or a table with url and ${SECRET_FILE}`);
    } else if (unknown !== undefined) {
      this.#fault(
        `has ${JSON.stringify(unknown.slice(0, 64))}: a webhook takes ${FIELDS.join(" and ")}${didYouMean(unknown, FIELDS)}`,
      );
    } else if (secretFile === undefined || typeof secretFile === "string") {
      return this.#url(url, { below, secretFile });
    } else this.#fault(`has ${SECRET_FILE}, which is ${shown(secretFile)}: it must be the name of a file`);
    return [];
  }

  /** URLs apart by blanks or commas; `secret_file=` counts for the one before it. */
  #ofText(text: string, below: readonly string[]): WebhookValue[] {
    const made: WebhookValue[] = [];
    for (const word of text.split(/,?\s+|,(?=https?:|$)/i)) {
      const secretFile = word.startsWith(`${SECRET_FILE}=`) ? word.slice(SECRET_FILE.length + 1) : undefined;
      const last = made.at(-1);
      if (word === "") continue;
      if (secretFile === undefined) made.push(...this.#url(word, { below, secretFile }));
      else if (last?.secretFile === undefined && last !== undefined) made[made.length - 1] = { ...last, secretFile };
      else if (!this.isFaulty) this.#fault(`has ${SECRET_FILE}= ${last ? "twice for one URL" : "before any URL"}`);
    }
    return made;
  }

  #url(text: string, rest: Omit<WebhookValue, "url">): WebhookValue[] {
    try {
      return [{ ...rest, url: parseWebhookUrl(text) }];
    } catch (error) {
      if (!(error instanceof GafferError)) throw error;
      this.#fault(error.message.replace("Cannot use webhook URL", "has"));
      return [];
    }
  }
}

/** Whether a table is a webhook, and not a part of a pattern. */
const isHook = (entries: readonly (readonly [string, unknown])[]): boolean =>
  entries.some(([name, item]) => name === "url" && (typeof item === "string" || tableEntries(item) === undefined));
