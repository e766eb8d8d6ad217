/** A date with or without a time, and the time with or without its zone. The runtime's own parser guesses at much more. @see ISO 8601 */
const iso = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)?)?$/;

/**
 * An instant as ISO 8601 writes it; a time without a zone is local, a date alone is its beginning in UTC.
 *
 * @returns milliseconds since 1970, undefined if it is none.
 */
export function isoInstant(text: string): number | undefined {
  if (!iso.test(text)) return undefined;
  const full = text
    .replace(",", ".")
    .replace(/([T ].*[+-]\d\d)(\d\d)?$/, "$1:$2")
    .replace(/:$/, ":00");
  const time = Date.parse(full);
  return Number.isNaN(time) ? undefined : time;
}
