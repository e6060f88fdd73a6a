/** A line shorter than this ended on purpose, not at a margin. */
const MARGIN = 50;

/** How headings, items of lists, rows of tables, quotes and fences begin in Markdown. */
const BLOCK = /^\s*(?:[-*+#>|`~]|\d+[.)]\s)/;

/** Joins lines that were broken at a margin, so that a sentence is on one line. */
export function unwrapLines(text: string): string {
  const joined: string[] = [];
  let before = "";
  for (const line of text.split(/\r?\n/)) {
    const goesOn = before.length >= MARGIN && line.trim() !== "" && !BLOCK.test(line);
    joined.push(goesOn ? " " : "\n", goesOn ? line.trim() : line.trimEnd());
    before = line.trimEnd();
  }
  return joined.join("").trim();
}
