import { resolve } from "node:path";
import { GafferError } from "../base/gaffer-error.ts";
import { parseWebhookSecret } from "../base/webhook-secret.ts";
import { parseEventPattern } from "../manager/event-pattern.ts";
import type { ConfigDocument, ConfigEntry } from "./config-document.ts";
import type { WebhookConfig } from "./daemon-config.ts";
import type { ProblemList } from "./problem-list.ts";
import { formatPlace, type Place, readSource, type TextKind } from "./source-text.ts";
import { webhookKind, type WebhookValue } from "./webhook-kind.ts";

/** Key of `[webhooks]` that names no event: the secret of those that name none. */
export const SECRET_FILE = "secret_file";

const secretKind: TextKind = { code: "config_invalid", noun: "webhook secret" };

interface Given extends ConfigEntry {
  readonly folder: string;
}

/** The webhooks of all files, of which the later wins key by key; those of one URL have one secret. */
export function readWebhooks(documents: readonly ConfigDocument[], problems: ProblemList): WebhookConfig[] {
  return new WebhooksReader(problems).read(documents);
}

class WebhooksReader {
  readonly #problems: ProblemList;
  readonly #given = new Map<string, Given>();
  readonly #secrets = new Map<string, Uint8Array | undefined>();
  /** Which secret a URL has, and where that was said. */
  readonly #secretOf = new Map<string, { readonly file: string; readonly place: Place }>();
  readonly #hooks = new Map<string, Pick<WebhookConfig, "pattern" | "url">>();

  constructor(problems: ProblemList) {
    this.#problems = problems;
  }

  read(documents: readonly ConfigDocument[]): WebhookConfig[] {
    const all = documents.flatMap(({ sections, folder }) => sections.map((section) => ({ ...section, folder })));
    for (const { kind, entries, folder } of all) {
      if (kind === "webhooks") entries.forEach((entry) => this.#given.set(entry.key, { ...entry, folder }));
    }
    for (const [key, given] of this.#given) {
      if (this.#problems.isFull) break;
      // What is no list of URLs was told by the check of the section.
      const values = key === SECRET_FILE ? [] : webhookKind.read(given.value, () => undefined);
      for (const value of values ?? []) this.#add([key, ...value.below].join("."), value, given);
    }
    return Array.from(this.#hooks.values(), ({ pattern, url }) => {
      const secretFile = this.#secretOf.get(url)?.file;
      return { pattern, url, secretFile, key: secretFile === undefined ? undefined : this.#secrets.get(secretFile) };
    });
  }

  #add(written: string, { url, secretFile }: WebhookValue, { place, valuePlace, folder }: Given): void {
    const pattern = this.#pattern(written, place);
    if (pattern === undefined) return;
    this.#hooks.set(`${pattern} ${url}`, { pattern, url });
    const file =
      secretFile === undefined ? this.#common() : secretFile === "" ? undefined : resolve(folder, secretFile);
    if (file === undefined) return;
    const known = this.#secretOf.get(url);
    if (known === undefined) this.#secretOf.set(url, { file, place: valuePlace });
    else if (known.file !== file) {
      this.#problems.add(
        valuePlace,
        `${written} has a URL with another secret_file than at ${formatPlace(known.place)}`,
      );
    }
    this.#readSecret(file, secretFile === undefined ? this.#given.get(SECRET_FILE) : undefined, valuePlace);
  }

  #pattern(written: string, place: Place): string | undefined {
    try {
      return parseEventPattern(written);
    } catch (error) {
      if (!(error instanceof GafferError)) throw error;
      this.#problems.add(place, error.message.replace("Cannot use ", ""));
      return undefined;
    }
  }

  /** The file that the section names for all. */
  #common(): string | undefined {
    const given = this.#given.get(SECRET_FILE);
    return typeof given?.value === "string" && given.value !== "" ? resolve(given.folder, given.value) : undefined;
  }

  #readSecret(file: string, common: Given | undefined, place: Place): void {
    if (this.#secrets.has(file)) return;
    this.#secrets.set(file, undefined);
    try {
      const source = readSource(file, secretKind);
      if (source === undefined) throw new GafferError("config_invalid", `there is no such file`);
      this.#secrets.set(file, parseWebhookSecret(source.text));
    } catch (error) {
      if (!(error instanceof GafferError)) throw error;
      const fact = error.message.replace(/^Cannot (?:read|use) .*?: /s, "");
      this.#problems.add(common?.valuePlace ?? place, `${SECRET_FILE} ${JSON.stringify(file)}: ${fact}`);
    }
  }
}
