import { GafferError } from "../base/gaffer-error.ts";

/** No request of ours is larger (SPEC §6). */
export const BODY_BYTES = 1_048_576;

const tooLarge = (): GafferError =>
  new GafferError("body_too_large", `Cannot take the request: its body is larger than ${BODY_BYTES} bytes`);

/** Refuses a body that says itself that it is too large. @throws {@link GafferError} `body_too_large` */
export function refuseLargeBody({ headers }: Request): void {
  if (Number(headers.get("content-length") ?? 0) > BODY_BYTES) throw tooLarge();
}

/**
 * The whole body.
 *
 * @throws {@link GafferError} `body_too_large` above {@link BODY_BYTES}, and what follows is not read; `bad_request` if the connection
 * ends before it does.
 */
export async function readBody(request: Request): Promise<Uint8Array> {
  refuseLargeBody(request);
  if (request.body === null) return new Uint8Array();
  try {
    return await readWhole(request.body);
  } catch (error) {
    if (error instanceof GafferError) throw error;
    throw new GafferError("bad_request", "Cannot read the body: the connection ended before it did", { cause: error });
  }
}

async function readWhole(body: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > BODY_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
}

/** The body as text. @throws {@link GafferError} as {@link readBody}; `bad_request` if it is not UTF-8. */
export async function readText(request: Request): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await readBody(request));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new GafferError("bad_request", "Cannot read the body: it is not UTF-8", { cause: error });
  }
}

/** The body as JSON. @throws {@link GafferError} as {@link readText}; `bad_request` if it is empty or no JSON. */
export async function readJson(request: Request): Promise<unknown> {
  return parseJson(await readText(request));
}

/** What JSON text says. @throws {@link GafferError} `bad_request` if it is empty or no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (text.trim() === "") {
      throw new GafferError("bad_request", "Cannot read the body: it is empty, and must be JSON", { cause: error });
    }
    const fact = error instanceof Error ? error.message : String(error);
    throw new GafferError("bad_request", `Cannot read the body: it is not JSON (${fact})`, { cause: error });
  }
}
