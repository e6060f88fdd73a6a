import { readExtension } from "./file-kinds.ts";

const LONGEST_NAME = 255;
const LONGEST_SAFE_STEM = 80;

/** Control characters and direction marks. With a direction mark, `exe.txt` can look like `txt.exe`. */
// deno-lint-ignore no-control-regex
const INVISIBLE = /[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Returns a file's name for people: at most 255 visible characters without folders, with its extension. */
export function displayName(name: string): string {
  const last = name.toWellFormed().replace(INVISIBLE, "").split(/[/\\]/).at(-1)?.trim() ?? "";
  if (/^\.*$/.test(last)) return "file";
  // Postgres counts code points.
  const characters = Array.from(last);
  if (characters.length <= LONGEST_NAME) return last;
  const extension = readExtension(last);
  return characters.slice(0, LONGEST_NAME - extension.length).join("") + extension;
}

/** Returns a name for paths and other systems: ASCII letters, digits, `_` and `-` before an extension. */
export function safeName(name: string, extension: string = readExtension(name)): string {
  return safeStem(name, extension) + extension;
}

/**
 * Returns a file's name at OpenAI: `notes.parley-<project>-<id>.md`. Files have no metadata there, so the clean-up
 * recognizes this project's files by their names.
 */
export function remoteName(
  file: { id: string; name: string; extension: string },
  project: string,
): string {
  const { id, name, extension } = file;
  return `${safeStem(name, extension)}.parley-${project}-${id}${extension}`;
}

/** Returns true for a name that `remoteName` returned in this project. */
export function isRemoteName(name: string, project: string): boolean {
  return name.includes(`.parley-${project}-`);
}

function safeStem(name: string, extension: string): string {
  const hasIt = extension !== "" && name.toLowerCase().endsWith(extension);
  const stem = hasIt ? name.slice(0, -extension.length) : name;
  const ascii = stem.normalize("NFKD").replace(/[^A-Za-z0-9_-]+/g, "_").replace(/^_+|_+$/g, "");
  return ascii.slice(0, LONGEST_SAFE_STEM) || "file";
}
