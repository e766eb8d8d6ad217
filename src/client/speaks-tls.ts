import type { Endpoint } from "../base/endpoint.ts";

/** How long somebody who says nothing is waited for, in milliseconds: it is only asked to word an error. */
const PATIENCE_MS = 2000;

/**
 * Whether TLS is spoken at an address; undefined if that does not show. Nothing is sent but the beginning of a TLS connection.
 *
 * @remarks By TLS 1.3 a server that wants a certificate refuses us only after the handshake, so that counts as spoken.
 */
export async function speaksTls(endpoint: Endpoint & { readonly kind: "tcp" }): Promise<boolean | undefined> {
  const { promise, resolve } = Promise.withResolvers<boolean | undefined>();
  const timer = setTimeout(resolve, PATIENCE_MS, undefined);
  try {
    const socket = await Bun.connect({
      hostname: endpoint.host,
      port: endpoint.port,
      tls: { rejectUnauthorized: false },
      socket: {
        handshake: (_socket, success) => resolve(success),
        close: () => resolve(undefined),
        data: () => undefined,
      },
    });
    const answer = await promise;
    socket.terminate();
    return answer;
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
