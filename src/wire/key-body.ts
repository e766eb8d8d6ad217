/** What the API shows of a key; the key itself is shown once, when it is made. */
export interface KeyBody {
  /** Public id. */
  readonly key: string;
  readonly label: string;
  readonly permissions: Readonly<Record<string, unknown>>;
  /** Id of the key that it goes with. */
  readonly parent: string | null;
  /** The user who got it by logging in. */
  readonly username: string | null;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** Those that go with it; only with `include_keys`. */
  readonly keys?: readonly KeyBody[];
}

/** What the API shows of a user; never the hash of the password. */
export interface UserBody {
  readonly username: string;
  /** 0 = administrator, 1 = application. */
  readonly user_type: number;
  /** Id of the user's key. */
  readonly key: string | null;
  /** Whatever else was said of the user. */
  readonly [extra: string]: unknown;
}
