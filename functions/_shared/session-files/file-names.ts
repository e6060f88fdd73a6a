import { fileMarker } from "../openai/file-marker.ts";
import { readExtension } from "./file-kinds.ts";

const LONGEST_NAME = 255;
const LONGEST_SAFE_STEM = 80;

/**
 * Control characters, line separators and direction marks. With a direction mark, `exe.txt` can look like `txt.exe`.
 * Joiners stay, because Persian, Indic scripts and emoji need them.
 */
const INVISIBLE =
  // deno-lint-ignore no-control-regex
  /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/**
 * The most bytes of a name at OpenAI. OpenAI documents no limit; file systems end at 255 bytes
 * (https://man7.org/linux/man-pages/man7/path_resolution.7.html).
 */
const LONGEST_REMOTE_BYTES = 255;

/**
 * Returns a file's name for people: at most 255 visible characters without folders, with its extension, in any script.
 * It is composed (NFC), because macOS sends `が` as two characters.
 */
export function displayName(name: string): string {
  const visible = name.toWellFormed().normalize("NFC").replace(INVISIBLE, "");
  const last = visible.split(/[/\\]/).at(-1)?.trim() ?? "";
  if (/^\.*$/.test(last)) return "file";
  // Postgres counts code points.
  const characters = Array.from(last);
  if (characters.length <= LONGEST_NAME) return last;
  const extension = readExtension(last);
  return characters.slice(0, LONGEST_NAME - extension.length).join("") + extension;
}

/** Returns a name for paths and other systems: ASCII letters, digits, `_` and `-` before an extension. */
function safeName(name: string, extension: string): string {
  return safeStem(name, extension) + extension;
}

/**
 * Returns a path for the object of a new file. Nobody can know it before the file has a row, so that no signed upload
 * address exists for it.
 */
export function objectPath(profileId: string, name: string, extension: string): string {
  return `${profileId}/${crypto.randomUUID()}/${safeName(name, extension)}`;
}

/**
 * Returns a file's name at OpenAI: `売上.csv~parley-<project>-<id>.txt`. The name for people comes first and is whole,
 * so that the model knows it and `restoreNames` finds it again. The id tells files of the same name apart.
 */
export function remoteName(
  file: { id: string; name: string; extension: string },
  project: string,
): string {
  const { id, name, extension } = file;
  const end = fileMarker(project, id) + extension;
  // A quotation mark would arrive as %22: https://html.spec.whatwg.org/#multipart/form-data-encoding-algorithm
  return cutToBytes(name.replaceAll('"', "'"), LONGEST_REMOTE_BYTES - end.length) + end;
}

/** Cuts a text between two characters, so that it has at most `limit` bytes in UTF-8. */
function cutToBytes(text: string, limit: number): string {
  const encoder = new TextEncoder();
  if (encoder.encode(text).byteLength <= limit) return text;
  const { read } = encoder.encodeInto(text, new Uint8Array(limit));
  return text.slice(0, read);
}

function safeStem(name: string, extension: string): string {
  const hasIt = extension !== "" && name.toLowerCase().endsWith(extension);
  const stem = hasIt ? name.slice(0, -extension.length) : name;
  const ascii = stem.normalize("NFKD").replace(/[^A-Za-z0-9_-]+/g, "_").replace(/^_+|_+$/g, "");
  return ascii.slice(0, LONGEST_SAFE_STEM) || "file";
}
