import { GafferError } from "../../base/gaffer-error.ts";
import { parseJson, readJson, readText } from "../../server/request-body.ts";
import type { RouteRequest } from "../../server/route.ts";

/** The full name that `/jobs/:session/:job` gives. */
export const jobOf = ({ params }: RouteRequest): string => `${params["session"]}.${params["job"]}`;

/** The number in a path. */
export const pidOf = ({ params }: RouteRequest): number => processIdOf(params["pid"] ?? "");

/** The number of a process. @throws {@link GafferError} `process_not_found` for digits that are none of ours: 0, 007, more than a number holds */
export function processIdOf(digits: string): number {
  if (/^[1-9]\d{0,14}$/.test(digits)) return Number(digits);
  throw new GafferError(
    "process_not_found",
    `Cannot find process ${digits.slice(0, 40)}: there is none of that number`,
  );
}

/** The fields of a JSON body. @throws {@link GafferError} `bad_request` if it is no object */
export async function bodyFields({ raw }: RouteRequest): Promise<Record<string, unknown>> {
  return objectOf(await readJson(raw));
}

function objectOf(body: unknown): Record<string, unknown> {
  if (typeof body === "object" && body !== null && !Array.isArray(body)) {
    // What it means depends on how an object is copied; nobody has a use for it.
    if (!Object.hasOwn(body, "__proto__")) return { ...body };
    throw new GafferError("bad_request", 'Cannot use field "__proto__" of the body: there is no such field');
  }
  throw new GafferError("bad_request", "Cannot use the body: it must be a JSON object");
}

/** The same, but an empty body is an empty object. */
export async function optionalBodyFields(request: RouteRequest): Promise<Record<string, unknown>> {
  const text = await readText(request.raw);
  return text.trim() === "" ? {} : objectOf(parseJson(text));
}

/**
 * The fields that the path gives, and those of the body.
 *
 * @throws {@link GafferError} `bad_request` if the body gives one of the path's, too: it must not turn the request to another target.
 */
export function besidePath(path: Record<string, unknown>, body: Record<string, unknown>): Record<string, unknown> {
  const twice = Object.keys(path).find((name) => Object.hasOwn(body, name));
  if (twice === undefined) return { ...body, ...path };
  throw new GafferError("bad_request", `Cannot use field "${twice}" of the body: the path says it already`);
}
