import { GafferError } from "../base/gaffer-error.ts";

/** Collects what is wrong, so that one run tells of everything. */
export class Mistakes {
  readonly #errors: GafferError[] = [];

  /** Does a step; @returns undefined if it was refused. */
  collect<T>(step: () => T): T | undefined {
    try {
      return step();
    } catch (error) {
      if (!(error instanceof GafferError)) throw error;
      this.#errors.push(error);
      return undefined;
    }
  }

  /**
   * Tells of everything that was refused.
   *
   * @throws {@link GafferError} with the code of the first and the messages of all, if any step was refused.
   */
  throwAny(): void {
    const [first, ...rest] = this.#errors;
    if (!first) return;
    const messages = [first, ...rest].map(({ message }) => message);
    throw new GafferError(first.code, messages.join("\n"), { details: first.details, cause: first });
  }
}
