/** What a webhook's request tells besides its body. */
export interface WebhookHeaders {
  /** Names the delivery; the same at every attempt, so that a receiver knows what it has had. No dot in it. */
  readonly id: string;
  /** When this attempt is made, in seconds since 1970. */
  readonly timestamp: number;
  /** Counts the attempts of one delivery from 1. */
  readonly attempt: number;
  /** Events for this receiver that were lost since it was last told. */
  readonly missed: number;
}

/**
 * The headers of a webhook's request, signed if there is a key: HMAC-SHA256 of `id.timestamp.body`.
 *
 * @param key - see `parseWebhookSecret`; undefined = not signed.
 * @see https://www.standardwebhooks.com, whose names and signature `v1` these are
 */
export function webhookHeaders(about: WebhookHeaders, body: string, key?: Uint8Array): Record<string, string> {
  const { id, timestamp, attempt, missed } = about;
  return {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(timestamp),
    ...(key === undefined ? {} : { "webhook-signature": `v1,${sign(`${id}.${timestamp}.${body}`, key)}` }),
    "gaffer-attempt": String(attempt),
    ...(missed === 0 ? {} : { "gaffer-missed": String(missed) }),
  };
}

const sign = (text: string, key: Uint8Array): string =>
  new Bun.CryptoHasher("sha256", key).update(text).digest("base64");
