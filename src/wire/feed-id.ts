import { GafferError } from "../base/gaffer-error.ts";

/** A place in something that goes on: a number, which means something in one life of the daemon alone. */
export interface FeedPlace {
  readonly at: number;
  /** It is of another life: what came after it is not known. */
  readonly isLost: boolean;
}

/** Makes the id of a place, as feeds carry it. */
export const feedId = (epoch: string, at: number): string => `${epoch}-${at}`;

/**
 * Reads a place: its number, or its id in this or another life of the daemon.
 *
 * @returns undefined for none.
 * @throws {@link GafferError} `bad_request` if it is neither.
 */
export function parseFeedId(text: string | null, epoch: string): FeedPlace | undefined {
  if (text === null || text === "") return undefined;
  const [, life, digits] = /^(?:([0-9A-Za-z]+)-)?(\d{1,15})$/.exec(text) ?? [];
  if (digits === undefined) {
    throw new GafferError(
      "bad_request",
      `Cannot begin after ${JSON.stringify(text)}: it takes the number or the id of an event, or 0 for all that is kept`,
    );
  }
  // Numbers of another life mean nothing here: what came since is all there is, and what was before is lost.
  return life === undefined || life === epoch ? { at: Number(digits), isLost: false } : { at: 0, isLost: true };
}
