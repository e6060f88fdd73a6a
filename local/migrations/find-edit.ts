/**
 * Finds the first line of a migration's file that differs from its applied statements. Returns null when the file is
 * unchanged. The CLI has cut the file at semicolons; each statement includes the comments before it.
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

/** Skips the white space and semicolons that the CLI omits between two statements. */
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
