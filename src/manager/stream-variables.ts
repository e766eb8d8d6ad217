/** Descriptors 0, 1 and 2 are the standard ones. */
const FIRST = 3;

/** The variables that tell a child the numbers of its custom streams: `GAFFER_STREAM_<LABEL>_FD`, what is no letter or digit as `_`. */
export const streamVariables = (labels: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    labels.map((label, index) => [
      `GAFFER_STREAM_${label.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}_FD`,
      String(FIRST + index),
    ]),
  );
