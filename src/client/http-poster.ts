/** A request that posts something. */
export interface PostRequest {
  /** http or https; user and password in it are sent as they are meant, by basic authentication. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** What was answered. */
export interface PostAnswer {
  readonly status: number;
  /** As the header `Retry-After` has it. */
  readonly retryAfter: string | undefined;
}

/** Posts over HTTP. */
export interface HttpPoster {
  /**
   * Posts once: a redirect is an answer like any other.
   *
   * @throws Error if no answer came; its message says why in a few words, and holds nothing of the URL.
   */
  post(request: PostRequest): Promise<PostAnswer>;
}

/** An answer's body is read so far, in bytes, that its connection can be used again; what is longer costs the connection. */
const MOST_READ = 16_384;
/** How long the rest of an answer may take, in milliseconds, before it costs the connection, too. */
const MOST_WAIT_MS = 1000;

/** What people call the errors of the network. @see errno(3) */
const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nobody listens there",
  ECONNRESET: "the connection was closed before an answer came",
  ENOTFOUND: "the host is not known",
  EPROTO: "there is no TLS",
  ETIMEDOUT: "the connection timed out",
  Malformed_HTTP_Response: "it does not speak HTTP",
};

/** Posts by the runtime's own client, which checks certificates. */
export const fetchPoster: HttpPoster = {
  async post({ url, headers, body, signal }) {
    try {
      const response = await fetch(url, {
        method: "POST",
        // An answer is not unpacked: its body is of no interest.
        headers: { ...headers, "accept-encoding": "identity" },
        body,
        signal,
        redirect: "manual",
        decompress: false,
        // A switch of the environment, NODE_TLS_REJECT_UNAUTHORIZED, must not turn the check off.
        tls: { rejectUnauthorized: true },
      });
      await passOver(response);
      return { status: response.status, retryAfter: response.headers.get("retry-after") ?? undefined };
    } catch (error) {
      throw new Error(reasonOf(error, signal), { cause: error });
    }
  },
};

/** The runtime's own message may hold the URL, and with it a password. */
function reasonOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return "it was ended";
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (/CERT|ISSUER|SIGNATURE/.test(code)) return `its certificate is not trusted (${code})`;
  return (
    words[code] ?? (/^[A-Za-z][A-Za-z0-9_]+$/.test(code) ? `the connection failed (${code})` : "the connection failed")
  );
}

/** Reads the beginning of a body, and ends the connection where there is more. That it breaks off does not matter: the answer is known. */
async function passOver({ body }: Response): Promise<void> {
  const reader = body?.getReader();
  if (reader === undefined) return;
  const timer = setTimeout(() => void reader.cancel().catch(() => undefined), MOST_WAIT_MS);
  try {
    for (let length = 0; length <= MOST_READ;) {
      const { done, value } = await reader.read();
      if (done) return;
      length += value.length;
    }
    await reader.cancel();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  } finally {
    clearTimeout(timer);
  }
}
