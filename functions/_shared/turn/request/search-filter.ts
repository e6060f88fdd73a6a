import type { ComparisonFilter } from "openai/resources/shared";
import { isImage } from "../../session-files/file-kinds.ts";
import type { PastMessage, SessionFile } from "../turn-database.ts";

/**
 * The most files that a filter names. OpenAI documents no limit for the values of `in`
 * (https://platform.openai.com/docs/guides/retrieval#attribute-filtering). A filter of more files than this leaves out
 * little, so the turn then searches all files.
 */
const MOST_FILES = 20;

/** A character of a word in a script with spaces between words. */
const WORD = "[[\\p{L}\\p{N}_]--[\\p{sc=Han}\\p{sc=Hira}\\p{sc=Kana}\\p{sc=Hang}" +
  "\\p{sc=Thai}\\p{sc=Laoo}\\p{sc=Khmr}\\p{sc=Mymr}]]";

/**
 * Returns the files that a turn's file search is about: those that the question attaches, and those whose names its
 * text contains. Returns null to search all files.
 */
export function pickFiles(
  question: PastMessage,
  files: readonly SessionFile[],
): SessionFile[] | null {
  const searchable = files.filter(({ file_type }) => !isImage(file_type));
  const named = findNamed(question.content, searchable);
  const picked = searchable.filter(({ id }) => question.file_ids.includes(id) || named.has(id));
  return picked.length === 0 || picked.length > MOST_FILES ? null : picked;
}

/** Returns the filter of a file search. It is hard: the model finds nothing in any other file. Null for all files. */
export function buildFilter(picked: readonly SessionFile[] | null): ComparisonFilter | null {
  const ids = (picked ?? []).map(({ id }) => id);
  const [first, ...others] = ids;
  if (first === undefined) return null;
  return others.length === 0
    ? { type: "eq", key: "file_id", value: first }
    : { type: "in", key: "file_id", value: ids };
}

/**
 * Returns the ids of the files whose names a text contains. The longest names come first, so that `plan.md` is not
 * found in `business plan.md`.
 */
function findNamed(text: string, files: readonly SessionFile[]): Set<string> {
  const names = Map.groupBy(files, ({ file_name }) => comparable(file_name));
  const longestFirst = [...names.keys()].toSorted((a, b) => b.length - a.length);
  const found = new Set<string>();
  let rest = comparable(text);
  for (const name of longestFirst) {
    const without = rest.includes(name) ? rest.replace(namePattern(name), " ") : rest;
    if (without === rest) continue;
    rest = without;
    for (const { id } of names.get(name) ?? []) found.add(id);
  }
  return found;
}

/** Returns a pattern for a whole name: `a.ts` is no part of `data.ts` or `a.tsx`. */
function namePattern(name: string): RegExp {
  // `RegExp.escape` is not there in every runtime yet.
  const escaped = name.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  return new RegExp(`(?<!${WORD}(?=${WORD}))${escaped}(?!(?<=${WORD})${WORD})`, "gv");
}

/** People write names in another case, and some keyboards compose accents differently. */
function comparable(text: string): string {
  return text.normalize("NFC").toLowerCase();
}
