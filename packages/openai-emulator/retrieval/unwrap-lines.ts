/** A shorter line ended on purpose, not at a margin. */
const MARGIN = 50;

/** The beginnings of headings, list items, table rows, quotes and fences in Markdown. */
const BLOCK = /^\s*(?:[-*+#>|`~]|\d+[.)]\s)/;

/** Joins lines that were wrapped at a margin, so that each sentence is on one line. */
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
