/** A cell: its text, and the colour it may have. */
export interface Cell {
  readonly text: string;
  /** Foreground colour of SGR; undefined = the terminal's own. */
  readonly colour?: number | undefined;
}

/** How a table is shown. */
export interface TableOptions {
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | Cell)[])[];
  readonly colour: boolean;
}

const GAP = "  ";
/** Control characters would tear the table, or the terminal. */
// eslint-disable-next-line no-control-regex
const clean = (text: string): string => text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, " ");
const toCell = (cell: string | Cell): Cell =>
  typeof cell === "string" ? { text: clean(cell) } : { ...cell, text: clean(cell.text) };

/** Lines of a table whose columns stand below each other; the last one is as long as it is. */
export function renderTable({ head, rows, colour }: TableOptions): string {
  const all = [head.map((text): Cell => ({ text })), ...rows.map((row) => row.map(toCell))];
  const widths = head.map((_, column) => Math.max(...all.map((row) => Bun.stringWidth(row[column]?.text ?? ""))));
  const line = (row: readonly Cell[]): string =>
    row
      .map(({ text, colour: shade }, column) => {
        const padding = column === head.length - 1 ? "" : " ".repeat((widths[column] ?? 0) - Bun.stringWidth(text));
        return (colour && shade !== undefined ? `\u001b[${shade}m${text}\u001b[39m` : text) + padding;
      })
      .join(GAP)
      .trimEnd();
  return `${all.map(line).join("\n")}\n`;
}
