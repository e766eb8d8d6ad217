import {
  type FieldKind,
  type JsonSchema,
  MOST_PROBLEMS,
  type Report,
  shown,
  simpleKind,
  tableEntries,
} from "../base/field-kind.ts";
import { GafferError } from "../base/gaffer-error.ts";
import { LIMIT_NUMBERS, plainLimitName } from "../base/limit-names.ts";
import { didYouMean } from "../base/nearest.ts";
import { parseSignal, signalName } from "../base/signals.ts";
import { listParts, plainNumber, readTexts, seconds, wholeNumber } from "../base/value-kinds.ts";
import { type FlappingPolicy, parseFlapping } from "./flapping.ts";
import { LONGEST_MS } from "./job-check.ts";
import type { ResourceLimit } from "./job-config.ts";
import { badFlapping, openQuote, splitArgs } from "./job-settings.ts";

/** Arguments: a list, or a text that is split like a shell would. */
export const argsKind: FieldKind<readonly string[]> = {
  schema: { anyOf: [{ type: "array", items: { type: "string" } }, { type: "string" }] },
  read(value, report) {
    if (typeof value !== "string") return readTexts(value, report);
    const words = splitArgs(value);
    // The sentence begins with the field's name, which the report puts there.
    if (words === undefined) report(openQuote(value).replace(/^args /, ""));
    return words;
  },
  fromText: (written) => written,
  show: (value) => value,
};

/** A user or a group: its name or its number. */
export const ownerKind: FieldKind<string | number> = simpleKind<string | number>({
  schema: { type: ["string", "integer"] },
  allowed: "a name or a number, 0 or more",
  read(value) {
    if (typeof value === "string") return value;
    return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? plainNumber(value) : undefined;
  },
});

/** A signal: its name, with or without SIG, or its number. */
export const signalKind: FieldKind<number | string> = simpleKind<number | string>({
  schema: { type: ["string", "integer"] },
  allowed: "a signal of this machine, such as TERM, SIGHUP or 15",
  read: readSignal,
  show(value) {
    const name = signalName(Number(value));
    return name.startsWith("SIG") ? name : value;
  },
});

function readSignal(value: unknown): number | undefined {
  if (typeof value !== "string" && typeof value !== "number") return undefined;
  try {
    return parseSignal(value);
  } catch (error) {
    if (error instanceof GafferError) return undefined;
    throw error;
  }
}

const count = wholeNumber();
const duration = seconds(LONGEST_MS);

/** Fields of a flapping table, with what they are when left out. @see gaffer 0.5 `process.py`, whose defaults they are */
const flappingFields = {
  attempts: count,
  window: duration,
  retry_in: duration,
  max_retry: count,
} as const;

function readFlappingTable(entries: readonly [string, unknown][], report: Report): FlappingPolicy | undefined {
  const given = new Map(entries);
  for (const name of given.keys()) {
    if (Object.hasOwn(flappingFields, name)) continue;
    const known = Object.keys(flappingFields);
    report(`is unknown${didYouMean(name, known)}: the fields are ${known.join(", ")}`, [name]);
    return undefined;
  }
  const read = (name: keyof typeof flappingFields, otherwise: number): number | undefined =>
    flappingFields[name].read(given.get(name) ?? otherwise, (fact) => report(fact, [name]));
  const [attempts, windowMs, retryInMs, maxRetry] = [
    read("attempts", 2),
    read("window", 1),
    read("retry_in", 7),
    read("max_retry", 5),
  ];
  if (attempts === undefined || windowMs === undefined || retryInMs === undefined || maxRetry === undefined)
    return undefined;
  return { attempts, windowMs, retryInMs, maxRetry };
}

const property = (kind: FieldKind<number>, otherwise: number): unknown => ({ ...kind.schema, default: otherwise });

/** A flapping policy: its four numbers as text, or a table. */
export const flappingKind: FieldKind<FlappingPolicy | string> = {
  schema: {
    anyOf: [
      {
        type: "object",
        additionalProperties: false,
        properties: {
          attempts: property(count, 2),
          window: property(duration, 1),
          retry_in: property(duration, 7),
          max_retry: property(count, 5),
        },
      },
      { type: "string" },
    ],
  },
  read(value, report) {
    if (typeof value === "string") {
      if (value.trim() === "") return "";
      const policy = parseFlapping(value);
      if (policy === undefined) report(badFlapping(value).replace(/^flapping /, ""));
      return policy;
    }
    const entries = tableEntries(value);
    if (entries !== undefined) return readFlappingTable(entries, report);
    report(`is ${shown(value)}: it must be a text of attempts, window, retry_in, max_retry, or a table of them`);
    return undefined;
  },
  fromText: (written) => written,
  show(policy) {
    if (typeof policy === "string") return policy;
    const { attempts, windowMs, retryInMs, maxRetry } = policy;
    return { attempts, window: windowMs / 1000, retry_in: retryInMs / 1000, max_retry: maxRetry };
  },
};

const UNLIMITED = "unlimited";

/** One end of a limit. */
function limitEnd(written: string): number {
  if (written.toLowerCase() === UNLIMITED) return Infinity;
  return /^\d+$/.test(written) ? Number(written) : Number.NaN;
}

function readLimit(value: unknown): ResourceLimit | undefined {
  if (typeof value !== "number" && typeof value !== "string") return undefined;
  const [soft = "", hard = soft, more] = String(value)
    .split(":")
    .map((end) => end.trim());
  const limit = { soft: limitEnd(soft), hard: limitEnd(hard) };
  return more !== undefined || Number.isNaN(limit.soft) || Number.isNaN(limit.hard) ? undefined : limit;
}

const showEnd = (end: number): number | string => (end === Infinity ? UNLIMITED : end);
const showLimit = ({ soft, hard }: ResourceLimit): number | string =>
  soft === hard ? showEnd(soft) : `${showEnd(soft)}:${showEnd(hard)}`;

function checkLimitName(name: string, seen: Set<string>, report: Report): boolean {
  const plain = plainLimitName(name);
  if (!LIMIT_NUMBERS.has(plain))
    report(`is no limit${didYouMean(plain, LIMIT_NUMBERS.keys())}: they are ${[...LIMIT_NUMBERS.keys()].join(", ")}`, [
      name,
    ]);
  else if (seen.has(plain)) report("is given twice", [name]);
  const fresh = LIMIT_NUMBERS.has(plain) && !seen.has(plain);
  seen.add(plain);
  return fresh;
}

const limitSchema: JsonSchema = {
  anyOf: [
    { type: "integer", minimum: 0 },
    { type: "string", pattern: "^([0-9]+|unlimited)(:([0-9]+|unlimited))?$" },
  ],
};

/** Resource limits by name. In a text: `nofile=1024 core=0:unlimited`. */
export const limitsKind: FieldKind<Readonly<Record<string, ResourceLimit>>> = {
  schema: {
    type: "object",
    properties: Object.fromEntries([...LIMIT_NUMBERS.keys()].map((name) => [name, limitSchema])),
    // RLIMIT_NOFILE and NOFILE are nofile too.
    additionalProperties: limitSchema,
  },
  read(value, report) {
    const entries = tableEntries(value);
    if (entries === undefined) {
      report(`is ${shown(value)}: it must be a table such as {"nofile": 1024, "core": "0:unlimited"}`);
      return undefined;
    }
    const seen = new Set<string>();
    const limits: [string, ResourceLimit][] = [];
    // Among so many, there are as many faulty ones as anybody wants to be told of.
    for (const [name, written] of entries.slice(0, LIMIT_NUMBERS.size + MOST_PROBLEMS)) {
      const limit = readLimit(written);
      if (limit === undefined)
        report(`is ${shown(written)}: it must be a whole number, "soft:hard" or "${UNLIMITED}"`, [name]);
      if (checkLimitName(name, seen, report) && limit !== undefined) limits.push([name, limit]);
    }
    return limits.length === entries.length ? Object.fromEntries(limits) : undefined;
  },
  fromText(written) {
    const parts = listParts(written).map((part) => /^([^=]+)=(.+)$/s.exec(part));
    if (parts.includes(null)) return written;
    return Object.fromEntries(parts.map((part) => [part?.[1], part?.[2]]));
  },
  show: (limits) => Object.fromEntries(Object.entries(limits).map(([name, limit]) => [name, showLimit(limit)])),
};
