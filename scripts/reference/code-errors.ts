import { readFile } from "node:fs/promises";
import path from "node:path";
import { REPOSITORY } from "../../local/stack/settings.ts";
import { isErrorCode } from "../../types/errors.ts";

/** What the files behind a function name. */
export interface CodeFacts {
  /** Codes that stand in the code of the function. */
  codes: Set<string>;
  /** Database functions that it calls. */
  rpcs: Set<string>;
}

const IMPORT = /^(?:import|export)\s(?!type\b)[^;]*?from "(\.[^"]+)";/gms;

/** Reads the code of an edge function: its handler and all that it imports from `functions/`. */
export async function readCode(functionName: string): Promise<CodeFacts> {
  const folder = path.join(REPOSITORY, "functions");
  const facts: CodeFacts = { codes: new Set(), rpcs: new Set() };
  const seen = new Set<string>();
  const read = async (file: string): Promise<void> => {
    if (seen.has(file) || !file.startsWith(folder)) return;
    seen.add(file);
    const text = await readFile(file, "utf8");
    for (const [, literal = ""] of text.matchAll(/"([a-z_]+)"/g)) {
      if (isErrorCode(literal)) facts.codes.add(literal);
    }
    for (const [, rpc = ""] of text.matchAll(/\.rpc\(\s*"(\w+)"/g)) facts.rpcs.add(rpc);
    for (const [, target = ""] of text.matchAll(IMPORT)) {
      await read(path.resolve(path.dirname(file), target));
    }
  };
  await read(path.join(folder, functionName, "handler.ts"));
  return facts;
}
