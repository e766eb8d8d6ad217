import { GafferError } from "./gaffer-error.ts";
import { shownUrl } from "./shown-url.ts";

/**
 * The URL of a webhook in its one form, without a fragment.
 *
 * @throws {@link GafferError} `bad_request` if it is no URL, or not one of http or https; it does not tell a password.
 */
export function parseWebhookUrl(text: string): string {
  const refuse = (fact: string): GafferError =>
    new GafferError("bad_request", `Cannot use webhook URL ${JSON.stringify(shownUrl(text).slice(0, 200))}: ${fact}`);
  if (!URL.canParse(text)) throw refuse("it is no URL, such as https://ops.example/hook");
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") throw refuse("it must begin with http:// or https://");
  url.hash = "";
  return url.href;
}
