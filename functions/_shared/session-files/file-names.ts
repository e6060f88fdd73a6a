import { readExtension } from "./file-kinds.ts";

const LONGEST_NAME = 255;
const LONGEST_SAFE_STEM = 80;

/** Controls, and the marks that turn the direction of what follows, by which `exe.txt` can look like `txt.exe`. */
// deno-lint-ignore no-control-regex
const INVISIBLE = /[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A file's name as people see it: no folders, nothing invisible, at most 255 characters, its extension kept. */
export function displayName(name: string): string {
  const last = name.toWellFormed().replace(INVISIBLE, "").split(/[/\\]/).at(-1)?.trim() ?? "";
  if (/^\.*$/.test(last)) return "file";
  // Postgres counts code points.
  const characters = Array.from(last);
  if (characters.length <= LONGEST_NAME) return last;
  const extension = readExtension(last);
  return characters.slice(0, LONGEST_NAME - extension.length).join("") + extension;
}

/** A name for paths and for other systems: ASCII letters, digits, `_` and `-` before an extension. */
export function safeName(name: string, extension: string = readExtension(name)): string {
  return safeStem(name, extension) + extension;
}

/**
 * A file's name at OpenAI. Files carry no metadata there, so the name says whose it is: `notes.parley-<project>-<id>.md`;
 * the clean-up knows by it what it may delete.
 */
export function remoteName(
  file: { id: string; name: string; extension: string },
  project: string,
): string {
  const { id, name, extension } = file;
  return `${safeStem(name, extension)}.parley-${project}-${id}${extension}`;
}

/** True for a name that `remoteName` made in this project. */
export function isRemoteName(name: string, project: string): boolean {
  return name.includes(`.parley-${project}-`);
}

function safeStem(name: string, extension: string): string {
  const hasIt = extension !== "" && name.toLowerCase().endsWith(extension);
  const stem = hasIt ? name.slice(0, -extension.length) : name;
  const ascii = stem.normalize("NFKD").replace(/[^A-Za-z0-9_-]+/g, "_").replace(/^_+|_+$/g, "");
  return ascii.slice(0, LONGEST_SAFE_STEM) || "file";
}
