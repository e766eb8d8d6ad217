import { type Endpoint, formatEndpoint, parseEndpoint } from "../base/endpoint.ts";
import { type FieldKind, type Report, simpleKind } from "../base/field-kind.ts";
import { GafferError } from "../base/gaffer-error.ts";
import { texts } from "../base/value-kinds.ts";

/** A list of texts, each made into something; `make` reports what it cannot. */
function listOf<T>(
  make: (item: string, report: Report) => T | undefined,
  show: (value: T) => string,
): FieldKind<readonly T[]> {
  return {
    schema: texts.schema,
    read(value, report) {
      const items = texts.read(value, report);
      const made = items?.flatMap((item) => make(item, report) ?? []);
      return made?.length === items?.length ? made : undefined;
    },
    fromText: (written) => texts.fromText(written),
    show: (value) => value.map(show),
  };
}

/** Addresses that are listened on. */
export const endpointsKind: FieldKind<readonly Endpoint[]> = listOf((item, report) => {
  try {
    return parseEndpoint(item, "bind");
  } catch (error) {
    if (!(error instanceof GafferError)) throw error;
    report(error.message.replace("Cannot use bind ", ""));
    return undefined;
  }
}, formatEndpoint);

/** Origins of web pages, as a browser sends them. @see RFC 6454 */
export const originsKind: FieldKind<readonly string[]> = listOf(
  (item, report) => {
    const url = URL.canParse(item) ? new URL(item) : undefined;
    const isOrigin = url !== undefined && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`;
    if (isOrigin) return url.origin;
    report(`has ${JSON.stringify(item)}: an origin is like https://ops.example or http://localhost:8080`);
    return undefined;
  },
  (origin) => origin,
);

/** Names of hosts, without a port. */
export const hostsKind: FieldKind<readonly string[]> = listOf(
  (item, report) => {
    if (/^[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?$/.test(item)) return item.toLowerCase();
    report(`has ${JSON.stringify(item)}: it takes names of hosts, without scheme and port`);
    return undefined;
  },
  (host) => host,
);

const octal = /^0?o?([0-7]{3})$/;

/** Permission bits: an octal text, or a number of TOML's own `0o660`. */
export const modeKind: FieldKind<number> = simpleKind({
  schema: {
    anyOf: [
      { type: "string", pattern: octal.source },
      { type: "integer", minimum: 0, maximum: 0o777 },
    ],
  },
  allowed: 'octal permission bits such as "0660"',
  read(value) {
    if (typeof value === "number") return Number.isInteger(value) && value >= 0 && value <= 0o777 ? value : undefined;
    const digits = typeof value === "string" ? octal.exec(value)?.[1] : undefined;
    return digits === undefined ? undefined : Number.parseInt(digits, 8);
  },
  show: (mode) => `0${mode.toString(8).padStart(3, "0")}`,
});

/** Whatever a file can say: it is for somebody else to understand. */
export const anything: FieldKind<unknown> = {
  schema: {},
  read: (value) => value,
  fromText: (written) => written,
  show: (value) => value,
};

/** Whether a value asks for anything. */
function isActive(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value !== "" && value !== false && value !== null && value !== undefined;
}

/**
 * A key whose feature is not built yet: it may be there as long as it asks for nothing.
 *
 * @param feature - what it would take, for the error: `TLS is`, `webhooks are`.
 * @param kind - what it will be.
 */
export function notBuilt(feature: string, kind: FieldKind<unknown>): FieldKind<unknown> {
  return {
    schema: kind.schema,
    read(value, report) {
      if (isActive(value)) report(`is set, but ${feature} not built yet: leave it out`);
      return undefined;
    },
    fromText: (written) => kind.fromText(written),
    show: () => null,
  };
}
