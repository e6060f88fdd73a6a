import { glob, readFile } from "node:fs/promises";
import path from "node:path";
import { REPOSITORY } from "../../local/stack/settings.ts";
import { type ErrorCode, isErrorCode } from "../../types/errors.ts";

/** The error codes and database functions in the code of an edge function. */
export interface CodeFacts {
  /** The error codes in the code of the function. */
  codes: Set<ErrorCode>;
  /** The database functions that it calls. */
  rpcs: Set<string>;
}

const IMPORT = /^(?:import|export)\s(?!type\b)[^;]*?from "(\.[^"]+)";/gms;

/** Reads the code of an edge function: its handler and all files of `functions/` that it imports. */
export async function readCode(functionName: string): Promise<CodeFacts> {
  const folder = path.join(REPOSITORY, "functions");
  const facts: CodeFacts = { codes: new Set(), rpcs: new Set() };
  const seen = new Set<string>();
  const read = async (file: string): Promise<void> => {
    if (seen.has(file) || !file.startsWith(folder)) return;
    seen.add(file);
    const text = await readFile(file, "utf8");
    for (const code of findCodes(text)) facts.codes.add(code);
    for (const [, rpc = ""] of text.matchAll(/\.rpc\(\s*"(\w+)"/g)) facts.rpcs.add(rpc);
    for (const [, target = ""] of text.matchAll(IMPORT)) {
      await read(path.resolve(path.dirname(file), target));
    }
  };
  await read(path.join(folder, functionName, "handler.ts"));
  return facts;
}

/** A file of `functions/` that names error codes. */
export interface CodeFile {
  file: string;
  codes: string[];
}

/** Finds the files of `functions/` that name error codes; paths are relative to the repository. */
export async function readCodeFiles(): Promise<CodeFile[]> {
  const files = await Array.fromAsync(glob("functions/**/*.ts", { cwd: REPOSITORY }));
  return await Promise.all(
    files.sort().map(async (file) => ({
      file: file.replaceAll(path.sep, "/"),
      codes: findCodes(await readFile(path.join(REPOSITORY, file), "utf8")),
    })),
  );
}

function findCodes(text: string): ErrorCode[] {
  const literals = [...text.matchAll(/"([a-z_]+)"/g)].map(([, literal = ""]) => literal);
  return [...new Set(literals.filter(isErrorCode))];
}
