import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { z } from "zod";
import type { FoundFunction } from "./find-functions.ts";

const Imports = z.object({ imports: z.record(z.string(), z.string()).default({}) });
type Imports = z.infer<typeof Imports>["imports"];

/** Only types: the Supabase CLI's template imports it from a registry that a laptop may not reach. */
const TYPES_ONLY: Imports = {
  "@supabase/functions-js/edge-runtime.d.ts": "data:application/typescript,",
  "jsr:@supabase/functions-js/edge-runtime.d.ts": "data:application/typescript,",
};

/**
 * Builds one import map for all functions, as a URL: the shared deno.json for all, and for a function's own folder
 * the deno.json in it, as the Supabase CLI does. Ignores a deno.json that cannot be read; its function then says why.
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
  // A map without an address of its own has nothing that relative addresses could start from.
  const base = pathToFileURL(file);
  return Object.fromEntries(
    Object.entries(imports).map((
      [name, target],
    ) => [name, /^\.{0,2}\//.test(target) ? new URL(target, base).href : target]),
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
