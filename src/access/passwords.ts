import { GafferError } from "../base/gaffer-error.ts";

/** How passwords are hashed. */
export interface PasswordCost {
  /** KiB of memory. @defaultValue 19456 */
  readonly memoryCost: number;
  /** Rounds. @defaultValue 2 */
  readonly timeCost: number;
}

/** @see OWASP Password Storage Cheat Sheet: Argon2id with 19 MiB and 2 rounds */
const COST: PasswordCost = { memoryCost: 19_456, timeCost: 2 };
/** More that wait than these are refused: each takes about 50 ms of a processor. */
const MOST_WAITING = 32;
/** In UTF-8. */
const LONGEST_BYTES = 1024;

/**
 * Hashes passwords and checks them, one at a time: whoever tries many takes neither our memory nor our processors.
 */
export class Passwords {
  readonly #cost: PasswordCost;
  /** What nobody's password has: so to look for a user who is not there costs what a wrong password does. */
  #nobodys: string | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(cost: PasswordCost = COST) {
    this.#cost = cost;
  }

  /**
   * Hash of a password, by argon2id.
   *
   * @throws {@link GafferError} `bad_request` if it is empty or longer than 1024 bytes; `too_many_requests`
   */
  async hash(password: string): Promise<string> {
    const bytes = Buffer.byteLength(password);
    if (bytes === 0) throw new GafferError("bad_request", "Cannot use the password: it is empty");
    if (bytes > LONGEST_BYTES) {
      throw new GafferError("bad_request", `Cannot use the password: it is longer than ${LONGEST_BYTES} bytes`);
    }
    return this.#inTurn(() => this.#hash(password));
  }

  /**
   * Whether this is the password.
   *
   * @param hash - of the right one; undefined = there is none, which takes as long to say no.
   * @throws {@link GafferError} `too_many_requests`
   */
  async verify(password: string, hash: string | undefined): Promise<boolean> {
    return this.#inTurn(async () => {
      this.#nobodys ??= await this.#hash(crypto.randomUUID());
      const tried = password === "" || Buffer.byteLength(password) > LONGEST_BYTES ? "?" : password;
      const isRight = await Bun.password.verify(tried, hash ?? this.#nobodys);
      return isRight && hash !== undefined && tried === password;
    });
  }

  #hash(password: string): Promise<string> {
    return Bun.password.hash(password, { algorithm: "argon2id", ...this.#cost });
  }

  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#waiting >= MOST_WAITING) {
      throw new GafferError("too_many_requests", "Cannot check the password: too many others are checked; try again");
    }
    this.#waiting++;
    const before = this.#last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last = promise;
    try {
      await before;
      return await work();
    } finally {
      this.#waiting--;
      resolve();
    }
  }
}
