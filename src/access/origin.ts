/** Whether a page of this origin was served by us: it names the host that the request does. */
export function isSameOrigin(origin: string, host: string | null): boolean {
  return host !== null && (origin === `http://${host}` || origin === `https://${host}`);
}

/** Headers that let a page of a listed origin read our answers, and send what it needs to. */
export function corsHeaders(origin: string): Record<string, string> {
  return {
    "access-control-allow-origin": origin,
    "access-control-allow-credentials": "true",
    "access-control-allow-methods": "GET, HEAD, POST, PUT, DELETE, OPTIONS",
    "access-control-allow-headers":
      "X-Requested-With, X-HTTP-Method-Override, Content-Type, Accept, Authorization, X-Api-Key, Last-Event-ID",
    "access-control-max-age": "86400",
    vary: "Origin",
  };
}

/**
 * Whether a browser says that something of a page of another origin asks, in a way that names no origin: an image, a script, a frame. A link
 * that somebody follows is none of these: the page does not see where it leads.
 *
 * @see W3C Fetch Metadata Request Headers
 */
export function isPartOfForeignPage(headers: Headers): boolean {
  const site = headers.get("sec-fetch-site");
  if (site === null || site === "same-origin" || site === "none") return false;
  return headers.get("sec-fetch-mode") !== "navigate" || headers.get("sec-fetch-dest") !== "document";
}
