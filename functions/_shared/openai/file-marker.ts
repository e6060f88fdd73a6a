// Files have no metadata at OpenAI (https://platform.openai.com/docs/api-reference/files/object). The clean-up
// recognizes this project's files by a marker in their names. The model reads these names in search results, so its
// texts may repeat a marker, which no user should see.

/** A marker of any project, and the extension that follows it. */
const MARKER = /~parley-[0-9a-f]{8}-[0-9a-f]{8}(?:\.[a-z0-9]{1,10})?/g;

/** The end of a text that more text may turn into a marker, or into a longer one. */
const OPEN_MARKER = new RegExp(
  "~(?:p(?:a(?:r(?:l(?:e(?:y(?:-(?:[0-9a-f]{0,8}|[0-9a-f]{8}-[0-9a-f]{0,8}|" +
    "[0-9a-f]{8}-[0-9a-f]{8}\\.[a-z0-9]{0,10}))?)?)?)?)?)?)?$",
);

/** Returns the marker that follows the name of a file: `~parley-<project>-<first digits of the file's id>`. */
export function fileMarker(project: string, fileId: string): string {
  return `~parley-${project}-${fileId.slice(0, 8)}`;
}

/** Returns true for a name with a marker of this project. Names of earlier versions have a dot before it. */
export function hasMarker(name: string, project: string): boolean {
  return name.includes(`parley-${project}-`);
}

/** Returns a text of the model in which files have their names for people. */
export function restoreNames(text: string): string {
  return text.includes("~parley-") ? text.replace(MARKER, "") : text;
}

/** Returns how much of a text is certain: its end may be the beginning of a marker. */
export function certainLength(text: string): number {
  return text.includes("~") ? text.match(OPEN_MARKER)?.index ?? text.length : text.length;
}
