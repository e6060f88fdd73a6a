import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { build, type BuildFailure } from "esbuild";
import { stringify } from "smol-toml";
import { findFunctions, type FoundFunction } from "../../local/functions/find-functions.ts";
import { REPOSITORY } from "../../local/stack/settings.ts";

/** A function as one file. */
export interface Bundle {
  name: string;
  /** The absolute path of the file. */
  file: string;
  bytes: number;
}

/** Supabase accepts 5 MB when it bundles. The rest is room for a team's own code. */
const MAX_BYTES = 3_000_000;

/**
 * Bundles every function with its packages into one file, and writes a project for `supabase functions deploy` into
 * `folder`. The same code gives the same bytes. Rejects if a function cannot be bundled or is too large.
 */
export async function bundleFunctions(
  folder: string,
  project: string = REPOSITORY,
): Promise<Bundle[]> {
  const functions = findFunctions({
    directory: path.join(project, "functions"),
    project: path.join(project, "supabase"),
  });
  const { outputFiles } = await build({
    absWorkingDir: project,
    entryPoints: functions.map(({ name, entrypoint }) => ({
      in: entrypoint,
      out: `${name}/index`,
    })),
    bundle: true,
    write: false,
    outdir: path.join(folder, "supabase/functions"),
    format: "esm",
    target: "esnext",
    // Deno's conditions: https://docs.deno.com/runtime/fundamentals/node/#conditional-exports
    platform: "neutral",
    conditions: ["deno", "node"],
    mainFields: ["module", "main"],
    // chardet requires fs only to read files by name, which functions do not do.
    external: ["node:*", "jsr:*", "npm:*", "fs"],
    // Deno reads deno.json instead, and a tsconfig.json beside the project must not change the bytes.
    tsconfigRaw: {},
    // A bundle names some files of packages. The names may not depend on where node_modules is.
    preserveSymlinks: true,
    // Names stay, because logs contain the names of errors, and stack traces those of functions.
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: "silent",
  }).catch((error: BuildFailure) => {
    throw new Error(`The functions cannot be bundled.\n${describeErrors(error)}`);
  });
  for (const { path: file, contents } of outputFiles) {
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, contents);
  }
  await writeFile(path.join(folder, "supabase/config.toml"), describeProject(functions));
  return outputFiles.map(({ path: file, contents }) =>
    describeBundle(path.basename(path.dirname(file)), file, contents.byteLength)
  ).sort((one, other) => one.name < other.name ? -1 : 1);
}

function describeBundle(name: string, file: string, bytes: number): Bundle {
  if (bytes <= MAX_BYTES) return { name, file, bytes };
  throw new Error(
    `The bundle of ${name} has ${formatBytes(bytes)}, and ${formatBytes(MAX_BYTES)} is the most. ` +
      "Import less in it, or split the function.",
  );
}

/** Formats a size in megabytes, as Supabase counts its limits. */
export function formatBytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(2)} MB`;
}

function describeProject(functions: FoundFunction[]): string {
  const sections = functions.map(({ name, verifyJwt }) => [
    name,
    { entrypoint: `./functions/${name}/index.js`, verify_jwt: verifyJwt },
  ]);
  return stringify({ project_id: "parley", functions: Object.fromEntries(sections) });
}

function describeErrors({ errors }: BuildFailure): string {
  return errors.map(({ text, location }) =>
    location ? `${location.file}:${location.line}: ${text}` : text
  ).join("\n");
}
