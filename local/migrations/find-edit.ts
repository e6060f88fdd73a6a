/**
 * Finds the first line of a migration's file that its applied statements do not have. Returns null when the file is
 * what was applied. The statements are the CLI's: cut at semicolons, in order, each with the comments before it.
 */
export function findEdit(text: string, statements: string[]): number | null {
  const file = text.replaceAll("\r\n", "\n");
  let position = skipGap(file, 0);
  for (const statement of statements) {
    const applied = statement.replaceAll("\r\n", "\n");
    if (!file.startsWith(applied, position)) {
      return lineAt(file, position + sharedLength(file.slice(position), applied));
    }
    position = skipGap(file, position + applied.length);
  }
  return position === file.length ? null : lineAt(file, position);
}

/** Skips what the CLI leaves out between two statements. */
function skipGap(text: string, position: number): number {
  const gap = /[\s;]*/y;
  gap.lastIndex = position;
  return position + (gap.exec(text)?.[0].length ?? 0);
}

function sharedLength(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length += 1;
  return length;
}

function lineAt(text: string, position: number): number {
  return text.slice(0, position).split("\n").length;
}
