import { GafferError } from "./gaffer-error.ts";

/** How the secrets of the convention begin. */
const PREFIX = "whsec_";
/** Bytes that a key of the convention has. @see https://www.standardwebhooks.com, "Signature scheme" */
const LEAST_BYTES = 24;
const MOST_BYTES = 64;

/**
 * The key that a webhook's secret stands for: the bytes that follow `whsec_` in base64; of any other text, its own bytes. Blanks and
 * newlines around it are none of it.
 *
 * @param text - what a file holds.
 * @throws {@link GafferError} `bad_request` if it is empty, or not what `whsec_` promises; it does not tell the secret.
 * @see https://www.standardwebhooks.com
 */
export function parseWebhookSecret(text: string): Uint8Array {
  const secret = text.trim();
  if (secret === "") throw refuse("it is empty");
  if (!secret.startsWith(PREFIX)) return new TextEncoder().encode(secret);
  const encoded = secret.slice(PREFIX.length);
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) throw refuse(`what follows ${PREFIX} is not base64`);
  const key = Buffer.from(encoded, "base64");
  if (key.length >= LEAST_BYTES && key.length <= MOST_BYTES) return key;
  throw refuse(`what follows ${PREFIX} is ${key.length} bytes: it takes ${LEAST_BYTES} to ${MOST_BYTES}`);
}

const refuse = (fact: string): GafferError => new GafferError("bad_request", `Cannot use the webhook secret: ${fact}`);
