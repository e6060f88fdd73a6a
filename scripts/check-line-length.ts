// Finds lines of more than 120 characters: `node scripts/check-line-length.ts sql ts mjs md`.
import { readFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { REPOSITORY } from "../local/stack/settings.ts";

const MAX_LENGTH = 120;
/** Files that a tool writes, or that are built from checked files. */
const GENERATED =
  /(?:^|\/)generated(?:\/|$)|(?:^|\/)database[^/]*\.ts$|^(?:supabase\/migrations|docs\/reference)\//;
/** The rows of tables, also in comments, and lines with a long link cannot be broken. */
const UNBREAKABLE = /^\s*(?:\||\S+\s*https?:\/\/\S+$)|https?:\/\/\S{80,}/;

/** Finds lines of more than 120 characters, as `file:line`. */
export function findLongLines(file: string, text: string): string[] {
  return text.split("\n").flatMap((line, index) =>
    [...line].length > MAX_LENGTH && !UNBREAKABLE.test(line) ? [`${file}:${index + 1}`] : []
  );
}

/** Rejects with the long lines of all files in the repository with one of these extensions. */
export async function checkLineLength(...extensions: string[]): Promise<void> {
  const patterns = extensions.map((extension) => `*.${extension}`);
  const { stdout } = await execa("git", ["ls-files", "--", ...patterns], { cwd: REPOSITORY });
  const files = stdout.split("\n").filter((file) => file !== "" && !GENERATED.test(file));
  const found = await Promise.all(files.map(async (file) => {
    const text = await readFile(path.join(REPOSITORY, file), "utf8").catch(() => "");
    return findLongLines(file, text);
  }));
  const lines = found.flat();
  if (lines.length > 0) throw new Error(`more than ${MAX_LENGTH} characters: ${lines.join(", ")}`);
}

if (import.meta.main) await checkLineLength(...process.argv.slice(2));
