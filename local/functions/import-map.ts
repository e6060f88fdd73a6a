import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import * as z from "zod";
import { parseJson } from "../stack/parse-json.ts";
import type { FoundFunction } from "./find-functions.ts";

const Imports = z.object({ imports: z.record(z.string(), z.string()).default({}) });
type Imports = z.infer<typeof Imports>["imports"];

/** The Supabase CLI's template imports these types from a registry. Empty modules replace them to work offline. */
const TYPES_ONLY: Imports = {
  "@supabase/functions-js/edge-runtime.d.ts": "data:application/typescript,",
  "jsr:@supabase/functions-js/edge-runtime.d.ts": "data:application/typescript,",
};

/**
 * Builds one import map for all functions, as a URL. As with the Supabase CLI, the shared deno.json applies to all
 * functions, and a deno.json in a function's folder applies to that folder. A deno.json that cannot be parsed is
 * ignored; the import of its function then fails with the reason.
 */
export function buildImportMap(sharedConfig: string, functions: FoundFunction[]): string {
  const scopes = functions.map(({ entrypoint }) => {
    const folder = path.dirname(entrypoint);
    const own = { ...readImports(path.join(folder, "deno.json")), ...TYPES_ONLY };
    return [`${pathToFileURL(folder).href}/`, own] as const;
  });
  const map = { imports: readImports(sharedConfig), scopes: Object.fromEntries(scopes) };
  return `data:application/json,${encodeURIComponent(JSON.stringify(map))}`;
}

function readImports(file: string): Imports {
  if (!existsSync(file)) return {};
  const { imports } = Imports.safeParse(parseJson(readFileSync(file, "utf8"))).data ??
    { imports: {} };
  // Relative addresses have no base in a `data:` URL, so they become absolute here.
  const base = pathToFileURL(file);
  return Object.fromEntries(
    Object.entries(imports).map((
      [name, target],
    ) => [name, /^\.{0,2}\//.test(target) ? new URL(target, base).href : target]),
  );
}
