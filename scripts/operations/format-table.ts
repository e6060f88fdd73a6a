/** A cell of a table. Numbers are aligned to the right, and null is shown as a dash. */
export type Cell = string | number | null;

/** Formats rows as an aligned table with column names. Returns "(none)" when there are no rows. */
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
