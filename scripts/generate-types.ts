// `npm run db:types`: writes types/database.ts, types/client-grants.ts and types/client-results.ts from the schema that
// the migrations make and from the schemas of types/api.ts.
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import pg from "pg";
import { supabaseCli } from "../local/migrations/migrations.ts";
import { startScratchDatabase } from "../local/postgres/scratch-database.ts";
import { REPOSITORY } from "../local/stack/settings.ts";
import { writeClientGrants } from "./client-grants.ts";
import { writeClientResults } from "./client-results.ts";
import { readCatalogue } from "./reference/catalogue.ts";

const HEADER = "// Generated from the database by `npm run db:types`; do not edit.\n";

/** Generates the files with types of the database at `url`, as `npm run db:types` writes them: texts by path. */
export async function generateTypes(url: string): Promise<Map<string, string>> {
  const types = await supabaseCli(["gen", "types", `--remote=${url}`, "--schema", "public"]);
  const client = new pg.Client(url);
  await client.connect();
  try {
    return new Map([
      ["types/database.ts", await format(HEADER + types)],
      ["types/client-grants.ts", await format(writeClientGrants(await readCatalogue(client)))],
      ["types/client-results.ts", await format(await writeClientResults())],
    ]);
  } finally {
    await client.end();
  }
}

async function format(text: string): Promise<string> {
  const config = path.join(REPOSITORY, "functions/deno.json");
  const { stdout } = await execa("deno", ["fmt", "--config", config, "--ext=ts", "-"], {
    preferLocal: true,
    localDir: REPOSITORY,
    input: text,
  });
  return `${stdout}\n`;
}

if (import.meta.main) {
  await using database = await startScratchDatabase();
  for (const [file, text] of await generateTypes(database.url("postgres"))) {
    await writeFile(path.join(REPOSITORY, file), text);
    console.log(`Wrote ${file}`);
  }
}
