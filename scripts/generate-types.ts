// `npm run db:types`: writes types/database.ts from the schema that the migrations make.
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { supabaseCli } from "../local/migrations/migrations.ts";
import { startScratchDatabase } from "../local/postgres/scratch-database.ts";
import { REPOSITORY } from "../local/stack/settings.ts";

/** The file with the types that the functions and their clients share. */
export const TYPES_FILE = path.join(REPOSITORY, "types/database.ts");

const HEADER = "// Generated from the database by `npm run db:types`; do not edit.\n";

/** Generates the types of the database at `url`, as `npm run db:types` writes them. */
export async function generateTypes(url: string): Promise<string> {
  const types = await supabaseCli(["gen", "types", `--remote=${url}`, "--schema", "public"]);
  const config = path.join(REPOSITORY, "functions/deno.json");
  const { stdout } = await execa("deno", ["fmt", "--config", config, "--ext=ts", "-"], {
    preferLocal: true,
    localDir: REPOSITORY,
    input: HEADER + types,
  });
  return `${stdout}\n`;
}

if (import.meta.main) {
  await using database = await startScratchDatabase();
  await writeFile(TYPES_FILE, await generateTypes(database.url("postgres")));
  console.log(`Wrote ${path.relative(REPOSITORY, TYPES_FILE)}`);
}
