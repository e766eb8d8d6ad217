/** Most errors inside of one that are looked at: a chain of causes may be a circle. */
const DEEPEST = 8;

interface Placed {
  readonly message: string;
  readonly position: { readonly file: string; readonly line: number; readonly column: number };
}

/** An error of Bun's that tells where a text is not TypeScript. */
function isPlaced(error: unknown): error is Placed {
  if (typeof error !== "object" || error === null || !("position" in error) || !("message" in error)) return false;
  const { position } = error;
  return typeof position === "object" && position !== null && "file" in position && "line" in position;
}

/** An error with those it came from. */
function* family(error: unknown, depth = 0): Generator {
  if (depth > DEEPEST) return;
  yield error;
  if (error instanceof AggregateError) for (const one of error.errors) yield* family(one, depth + 1);
  if (error instanceof Error && error.cause !== undefined) yield* family(error.cause, depth + 1);
}

const firstLine = (text: string): string => text.split("\n", 1)[0] ?? "";

/** What went wrong, in one line: `/p/dummy/plugin/app.ts:3:14: Unexpected ;`. */
export function describePluginError(error: unknown): string {
  const placed = [...family(error)].find(isPlaced);
  if (placed !== undefined) {
    const { file, line, column } = placed.position;
    return `${file}:${line}:${column}: ${firstLine(placed.message)}`;
  }
  if (error instanceof Error) return firstLine(error.message) || error.name;
  const message = typeof error === "object" && error !== null && "message" in error ? error.message : error;
  return firstLine(String(message));
}

/** The same for a log: with the stack where there is one. */
export function logPluginError(error: unknown): string {
  const hasStack = error instanceof Error && error.stack !== undefined && ![...family(error)].some(isPlaced);
  return hasStack ? (error.stack ?? "") : describePluginError(error);
}

/** Every file that an error names: where it was thrown, and where those were that led to it. */
export function filesOf(error: unknown): string[] {
  return [...family(error)].flatMap((one) => {
    if (isPlaced(one)) return [one.position.file];
    const stack = one instanceof Error ? (one.stack ?? "") : "";
    return [...stack.matchAll(/^\s+at .*?\(?(\/[^()\n]*?):\d+(?::\d+)?\)?$/gm)].flatMap(([, file]) => file ?? []);
  });
}
