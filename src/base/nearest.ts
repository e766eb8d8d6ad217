/**
 * The known word that a mistyped one most likely means.
 *
 * @param word - what was typed.
 * @param known - every word that would have been right.
 * @returns undefined when nothing is near: more than a third of the word (at least one letter, at most three) would have to change.
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const typed = word.toLowerCase().slice(0, longest);
  let best: { readonly word: string; readonly distance: number } | undefined;
  for (const candidate of known) {
    const target = candidate.toLowerCase();
    if (typed.length >= 3 && target.startsWith(typed)) return candidate;
    const distance = editDistance(typed, target);
    if (distance < (best?.distance ?? Infinity)) best = { word: candidate, distance };
  }
  const allowed = Math.min(3, Math.max(1, Math.floor(typed.length / 3)));
  return best && best.distance <= allowed ? best.word : undefined;
}

/** ` (did you mean "web"?)`, or nothing when no known word is near. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const found = nearest(word, known);
  return found === undefined ? "" : ` (did you mean ${JSON.stringify(found)}?)`;
}

/** No name of ours is longer; a whole file given as a word must not cost its square. */
const longest = 64;

/**
 * Letters to insert, delete, change or swap with their neighbour.
 *
 * @see the optimal string alignment form of Damerau–Levenshtein distance
 */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const changed = a[row - 1] === b[column - 1] ? 0 : 1;
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      current[column] = Math.min(
        at(last, column) + 1,
        at(current, column - 1) + 1,
        at(last, column - 1) + changed,
        swapped ? at(beforeLast, column - 2) + 1 : Infinity,
      );
    }
    [beforeLast, last] = [last, current];
  }
  return at(last, b.length);
}

const at = (row: readonly number[], column: number): number => row[column] ?? Infinity;
