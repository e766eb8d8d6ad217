import { GafferError } from "../../src/base/gaffer-error.ts";

/**
 * Code and message of the error that a call ends with.
 *
 * @throws if it ends well, or with anything but a {@link GafferError}.
 */
export function thrownBy(call: () => unknown): { code: string; message: string } {
  try {
    call();
  } catch (error) {
    if (error instanceof GafferError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("it was expected to throw, and did not");
}
