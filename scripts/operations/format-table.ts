/** A cell of a table; numbers stand to the right, nothing is a dash. */
export type Cell = string | number | null;

/** Rows as an aligned table under their column names; a line that says so when there are none. */
export function formatTable(rows: Record<string, Cell>[]): string {
  const [first] = rows;
  if (!first) return "(none)";
  const columns = Object.keys(first).map((name) => {
    const cells = rows.map((row) => showCell(row[name] ?? null));
    const width = Math.max(name.length, ...cells.map((cell) => cell.length));
    const isNumeric = rows.every((row) => typeof row[name] !== "string");
    const pad = (text: string) => isNumeric ? text.padStart(width) : text.padEnd(width);
    return [name, ...cells].map(pad);
  });
  return [first, ...rows].map((_, line) =>
    columns.map((column) => column[line]).join("  ").trimEnd()
  )
    .join("\n");
}

function showCell(cell: Cell): string {
  return cell === null ? "–" : String(cell);
}
