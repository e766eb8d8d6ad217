const HIDDEN = "***";

/**
 * A URL as it may be shown: `***` for user, password and query, whose values are often secrets; without its fragment.
 *
 * @param text - may be no URL at all; what stands before an `@` is hidden then, too.
 */
export function shownUrl(text: string): string {
  if (!URL.canParse(text))
    return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, `$1${HIDDEN}@`).replace(/[?#].*$/s, "");
  const { protocol, username, password, host, pathname, search } = new URL(text);
  const user = username === "" && password === "" ? "" : `${HIDDEN}@`;
  return `${protocol}//${user}${host}${pathname}${search === "" ? "" : `?${HIDDEN}`}`;
}

/** The same for a log, which others read: the path is left out, too, because in many webhooks it is the secret. */
export function loggedUrl(url: string): string {
  const { origin, pathname } = new URL(url);
  return pathname === "/" ? origin : `${origin}/...`;
}
