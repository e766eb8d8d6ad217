/** Code and reason that a websocket is closed with. */
export type SocketEnd = readonly [code: number, reason: string];

/** "Policy violation". @see RFC 6455, 7.4.1 */
const POLICY = 1008;
/** The process has ended, and everything was said. */
export const DONE = 1000;

/** No key was shown, or one that is none. */
export const NO_KEY: SocketEnd = [POLICY, "a key is needed"];
/** The key was taken back. */
export const REVOKED: SocketEnd = [POLICY, "the key was taken back"];
/** It is not allowed, or not there: the last message says what. */
export const REFUSED: SocketEnd = [POLICY, "refused"];
