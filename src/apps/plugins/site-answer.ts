import type { SiteFile } from "./site-file.ts";

/** Tells one content of a file from another. */
const tagOf = ({ stat }: SiteFile): string => `"${stat.size.toString(36)}-${Math.trunc(stat.mtimeMs).toString(36)}"`;

/** Whether a client has this content already. @see RFC 9110 §13.1 */
function isKnown(headers: Headers, tag: string, modifiedMs: number): boolean {
  const tags = headers.get("if-none-match");
  if (tags !== null) {
    return tags.split(",").some((one) => one.trim() === "*" || one.trim().replace(/^W\//, "") === tag);
  }
  const since = Date.parse(headers.get("if-modified-since") ?? "");
  return Math.floor(modifiedMs / 1000) * 1000 <= since;
}

/** Whether a range may be cut out of it: the client may mean another content. @see RFC 9110 §13.1.5 */
function mayCut(headers: Headers, tag: string, modified: string): boolean {
  const given = headers.get("if-range");
  return given === null || given === tag || given === modified;
}

/**
 * A file as it is answered: with what tells whether it has changed, whole or the part that is asked for.
 *
 * @remarks Bun cuts ranges itself, out of a file that it is given as such.
 */
export function answerFile(file: SiteFile, request: Request): Response {
  const { path, stat } = file;
  const [tag, modified] = [tagOf(file), stat.mtime.toUTCString()];
  const headers = {
    etag: tag,
    "last-modified": modified,
    // Kept, but asked for each time: a site may be replaced at any moment.
    "cache-control": "no-cache",
    "x-content-type-options": "nosniff",
  };
  if (isKnown(request.headers, tag, stat.mtimeMs)) return new Response(null, { status: 304, headers });
  const content = Bun.file(path);
  const typed = { ...headers, "content-type": content.type, "accept-ranges": "bytes" };
  if (request.method === "HEAD") {
    return new Response(null, { headers: { ...typed, "content-length": String(stat.size) } });
  }
  const isWhole = request.headers.has("range") && !mayCut(request.headers, tag, modified);
  return new Response(isWhole ? content.stream() : content, { headers: typed });
}
