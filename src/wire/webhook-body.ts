/** A webhook, as the API shows it. Numbers are those of its URL, whose other webhooks share them. */
export interface WebhookBody {
  /** Pattern of the events. */
  readonly event: string;
  /** User, password and query are `***`. */
  readonly url: string;
  /** Whether what is posted is signed. */
  readonly signed: boolean;
  /** Whether the configuration names it; others end with the daemon. */
  readonly configured: boolean;
  /** Events that wait, the one under way included. */
  readonly pending: number;
  readonly delivered: number;
  /** Events that were given up, or refused. */
  readonly failed: number;
  /** Events that were dropped because too many waited, or because it wants no more. */
  readonly dropped: number;
  /** Why the last attempt that failed did. */
  readonly last_error: string | null;
  /** It answered 410: nothing is sent to it until it is added again or the configuration is read again. */
  readonly gone: boolean;
}
