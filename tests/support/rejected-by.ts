import { GafferError } from "../../src/base/gaffer-error.ts";

/**
 * The error that a call ends with.
 *
 * @throws if it ends well, or with anything but a {@link GafferError}.
 */
export async function rejectedBy(call: Promise<unknown>): Promise<Pick<GafferError, "code" | "message" | "exitCode">> {
  try {
    await call;
  } catch (error) {
    if (error instanceof GafferError) return { code: error.code, message: error.message, exitCode: error.exitCode };
    throw error;
  }
  throw new Error("it was expected to be refused, and was not");
}
