import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "smol-toml";
import * as z from "zod";

/** The folders that hold edge functions, as absolute paths. */
export interface FunctionPlaces {
  /** Parley's own folder, with one folder for each function. */
  directory: string;
  /** The Supabase CLI's folder, with `config.toml`. `supabase functions new` adds functions to its `functions/`. */
  project: string;
}

/** An edge function, as its folder and `[functions.<name>]` in config.toml describe it. */
export interface FoundFunction {
  name: string;
  /** Absolute path of a file that may be missing. */
  entrypoint: string;
  /** Whether the gateway requires a user's token for calls of the function. */
  verifyJwt: boolean;
}

const FunctionConfig = z.object({
  enabled: z.boolean().default(true),
  verify_jwt: z.boolean().default(true),
  entrypoint: z.string().optional(),
});
const ProjectConfig = z.object({
  functions: z.record(z.string(), FunctionConfig).default({}),
});

/**
 * Finds the functions as the Supabase CLI does: all folders and all sections of config.toml, except disabled ones.
 * Throws an Error that names config.toml when that file is broken.
 */
export function findFunctions(places: FunctionPlaces): FoundFunction[] {
  const config = readConfig(path.join(places.project, "config.toml"));
  const folders = [path.join(places.project, "functions"), places.directory];
  const entrypoints = new Map(folders.flatMap(listEntrypoints));
  for (const [name, { entrypoint }] of Object.entries(config)) {
    const fallback = entrypoints.get(name) ??
      path.join(places.project, "functions", name, "index.ts");
    entrypoints.set(name, entrypoint ? path.resolve(places.project, entrypoint) : fallback);
  }
  return [...entrypoints].flatMap(([name, entrypoint]) => {
    const { enabled = true, verify_jwt: verifyJwt = true } = config[name] ?? {};
    return enabled ? [{ name, entrypoint, verifyJwt }] : [];
  });
}

function listEntrypoints(directory: string): [name: string, entrypoint: string][] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && /^[a-zA-Z]/.test(entry.name))
    .map(({ name }) => [name, path.join(directory, name, "index.ts")]);
}

function readConfig(file: string): z.infer<typeof ProjectConfig>["functions"] {
  if (!existsSync(file)) return {};
  try {
    return ProjectConfig.parse(parse(readFileSync(file, "utf8"))).functions;
  } catch (error) {
    throw new Error(`${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}
