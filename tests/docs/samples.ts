// The samples of README and of the pages in docs/.
import { glob, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { REPOSITORY } from "../../local/stack/settings.ts";

/** A fenced block, which may be indented in a list: its indentation, language and code. */
const FENCED = /^( *)```(\w+)\n([\s\S]*?)^\1```$/gm;

/** Lists README and the pages of docs/, without the generated reference. */
export async function listPages(): Promise<string[]> {
  return ["README.md", ...await Array.fromAsync(glob("docs/*.md", { cwd: REPOSITORY }))].toSorted();
}

/** Reads a page, named from the root of the repository. */
export function readPage(page: string): Promise<string> {
  return readFile(path.join(REPOSITORY, page), "utf8");
}

/** Returns the samples of a page in one language. */
export function findSamples(text: string, language: string): string[] {
  return Array.from(text.matchAll(FENCED))
    .filter(([, , found]) => found === language)
    .map(([, , , code = ""]) => code);
}

/**
 * Returns the TypeScript samples of a page as one module, empty when the page has none. Each line keeps the number that
 * it has in the page, so that messages of the compiler lead there. Imports that begin at the root of the repository, as
 * a file beside package.json has them, become absolute; so do those of a test in tests/own/.
 */
export function joinTypeScript(text: string): string {
  if (findSamples(text, "ts").length === 0) return "";
  let end = 0;
  const parts: string[] = [];
  for (const match of text.matchAll(FENCED)) {
    const [whole, , language, code = ""] = match;
    const start = match.index + whole.indexOf("\n") + 1;
    if (language !== "ts") continue;
    parts.push(blankLines(text.slice(end, start)), code);
    end = start + code.length;
  }
  return parts.join("").replaceAll(/"\.\/(types|packages)\//g, `"${REPOSITORY}/$1/`)
    .replaceAll('"../helpers/', `"${REPOSITORY}/tests/helpers/`);
}

function blankLines(text: string): string {
  return text.replaceAll(/[^\n]/g, "");
}

/** Makes a folder that Git ignores and that finds the packages of the repository; it goes when it is disposed of. */
export async function makeSampleFolder(): Promise<{ path: string } & AsyncDisposable> {
  const state = path.join(REPOSITORY, ".parley");
  await mkdir(state, { recursive: true });
  const folder = await mkdtemp(path.join(state, "samples-"));
  return {
    path: folder,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}
