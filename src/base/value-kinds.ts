import { type FieldKind, type Report, shown, simpleKind, tableEntries } from "./field-kind.ts";

/** A text of any length. */
export const text: FieldKind<string> = simpleKind({
  schema: { type: "string" },
  allowed: "a text",
  read: (value) => (typeof value === "string" ? value : undefined),
});

/** @see Python's ConfigParser, whose words these are */
const words: ReadonlyMap<string, boolean> = new Map([
  ["1", true],
  ["yes", true],
  ["true", true],
  ["on", true],
  ["0", false],
  ["no", false],
  ["false", false],
  ["off", false],
]);

/** True or false. */
export const flag: FieldKind<boolean> = simpleKind({
  schema: { type: "boolean" },
  allowed: "true or false",
  read: (value) => (typeof value === "boolean" ? value : undefined),
  fromText: (written) => words.get(written.toLowerCase()) ?? written,
});

/** The number itself; 0 for the -0 that JSON and TOML can hold, which no comparison should find to be another. */
export const plainNumber = (value: number): number => (value === 0 ? 0 : value);

const numberFromText = (written: string): unknown => (/^[+-]?\d+$/.test(written) ? Number(written) : written);

/** A whole number, 0 or more. */
export function wholeNumber(most: number = Number.MAX_SAFE_INTEGER): FieldKind<number> {
  const limited = most < Number.MAX_SAFE_INTEGER;
  return simpleKind({
    schema: { type: "integer", minimum: 0, ...(limited ? { maximum: most } : {}) },
    allowed: limited ? `a whole number, 0 to ${most}` : "a whole number, 0 or more",
    read: (value) =>
      typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= most
        ? plainNumber(value)
        : undefined,
    fromText: numberFromText,
  });
}

/** A number of seconds, fractions allowed; read as milliseconds. Reads to the microsecond, so that it can be shown. */
export function seconds(mostMs: number): FieldKind<number> {
  const most = mostMs / 1000;
  return simpleKind({
    schema: { type: "number", minimum: 0, maximum: most },
    allowed: `a number of seconds, 0 to ${most}`,
    read: (value) =>
      typeof value === "number" && value >= 0 && value <= most
        ? plainNumber(Math.round(value * 1e6) / 1000)
        : undefined,
    fromText: (written) => (/^\d+(\.\d*)?$|^\.\d+$/.test(written) ? Number(written) : written),
    show: (ms) => ms / 1000,
  });
}

const units: Readonly<Record<string, number>> = { "": 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

function readSize(value: unknown): number | undefined {
  if (typeof value === "number") return Number.isSafeInteger(value) && value >= 0 ? plainNumber(value) : undefined;
  const match = typeof value === "string" ? /^(\d+)\s*([kmg]?)b?$/i.exec(value.trim()) : null;
  const bytes = Number(match?.[1]) * (units[match?.[2]?.toLowerCase() ?? ""] ?? Number.NaN);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** A number of bytes, or a text such as `64k`, `50m`, `1g` (powers of 1024). */
export const size: FieldKind<number> = simpleKind({
  schema: {
    anyOf: [
      { type: "integer", minimum: 0 },
      { type: "string", pattern: "^[0-9]+[ ]*[kKmMgG]?[bB]?$" },
    ],
  },
  allowed: "a number of bytes, or one with k, m or g such as 50m",
  read: readSize,
});

/** One of a few words. */
export function choice<T extends string>(choices: readonly T[]): FieldKind<T> {
  return simpleKind({
    schema: { enum: choices },
    allowed: `one of ${choices.join(", ")}`,
    read: (value) => choices.find((one) => one === value),
    fromText: (written) => written.toLowerCase(),
  });
}

/** The parts of a text that commas or blanks hold apart. */
export function listParts(written: string): string[] {
  return written.split(/[\s,]+/).filter((part) => part !== "");
}

/** A list of texts, or one text in which commas or blanks hold them apart. */
export const texts: FieldKind<readonly string[]> = {
  schema: { anyOf: [{ type: "array", items: { type: "string" } }, { type: "string" }] },
  read(value, report) {
    if (typeof value === "string") return listParts(value);
    return readTexts(value, report);
  },
  fromText: listParts,
  show: (value) => value,
};

/** The texts of a list; anything else in it is reported. */
export function readTexts(value: unknown, report: Report): readonly string[] | undefined {
  if (!Array.isArray(value)) {
    report(`is ${shown(value)}: it must be a list of texts`);
    return undefined;
  }
  const items: readonly unknown[] = value;
  const bad = items.findIndex((item) => typeof item !== "string");
  if (bad === -1) return items.map(String);
  report(`has ${shown(items[bad])} at place ${bad + 1}: each of the list must be a text`);
  return undefined;
}

/** Names and their texts; a number or a flag counts as its text. */
export const textMap: FieldKind<Readonly<Record<string, string>>> = {
  schema: { type: "object", additionalProperties: { type: ["string", "number", "boolean"] } },
  read(value, report) {
    const entries = tableEntries(value);
    if (entries === undefined) {
      report(`is ${shown(value)}: it must be a table of names and texts`);
      return undefined;
    }
    const bad = entries.filter(([, item]) => !["string", "number", "boolean"].includes(typeof item));
    for (const [name, item] of bad) report(`is ${shown(item)}: it must be a text`, [name]);
    return bad.length === 0 ? Object.fromEntries(entries.map(([name, item]) => [name, String(item)])) : undefined;
  },
  fromText: (written) => written,
  show: (value) => value,
};
