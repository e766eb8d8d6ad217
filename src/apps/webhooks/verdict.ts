import type { PostAnswer } from "../../client/http-poster.ts";

/** What an answer means for a delivery. */
export type Verdict =
  | { readonly kind: "delivered" }
  /** It may go better later, not before `afterMs` from now if the receiver said so. */
  | { readonly kind: "retry"; readonly reason: string; readonly afterMs?: number }
  /** It will never go better. */
  | { readonly kind: "refused"; readonly reason: string }
  /** The receiver wants nothing more, ever. */
  | { readonly kind: "gone"; readonly reason: string };

/** The longest that a receiver's `Retry-After` is heeded, in milliseconds. */
export const MOST_RETRY_AFTER_MS = 300_000;

const GONE = 410;
/** Request Timeout and Too Many Requests; every other 4xx says that the request itself is wrong. @see RFC 9110 §15.5 */
const passing: ReadonlySet<number> = new Set([408, 429]);

/**
 * Judges an answer: 2xx is delivered; 408, 429 and 5xx may go better later; 410 ends the webhook; anything else, redirects too, is final.
 *
 * @param now - milliseconds since 1970.
 * @see https://www.standardwebhooks.com, "Delivery success and failure"
 */
export function judge({ status, retryAfter }: PostAnswer, now: number): Verdict {
  if (status >= 200 && status <= 299) return { kind: "delivered" };
  const reason = `it answered ${status}`;
  if (status === GONE) return { kind: "gone", reason };
  if (status >= 300 && status <= 399) return { kind: "refused", reason: `${reason}, and redirects are not followed` };
  if (status < 500 && !passing.has(status)) return { kind: "refused", reason };
  const afterMs = readRetryAfter(retryAfter, now);
  return afterMs === undefined ? { kind: "retry", reason } : { kind: "retry", reason, afterMs };
}

/** Seconds, or an instant. @see RFC 9110 §10.2.3 */
function readRetryAfter(text: string | undefined, now: number): number | undefined {
  const wait = /^\d+$/.test(text ?? "") ? Number(text) * 1000 : Date.parse(text ?? "") - now;
  return Number.isNaN(wait) ? undefined : Math.min(Math.max(wait, 0), MOST_RETRY_AFTER_MS);
}
