import { GafferError } from "../../base/gaffer-error.ts";
import { isLegalName } from "../../base/job-name.ts";

/** Refuses a name that no session can have. @throws {@link GafferError} `bad_request` */
export function checkSession(name: string): void {
  if (isLegalName(name)) return;
  throw new GafferError(
    "bad_request",
    `Cannot use session ${JSON.stringify(name)}: a name is letters, digits, _ + -, and is not all digits`,
  );
}
