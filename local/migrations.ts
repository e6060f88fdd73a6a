import path from "node:path";
import { execa } from "execa";
import { REPOSITORY } from "./settings.ts";

const CLI = path.join(REPOSITORY, "node_modules/supabase/dist/supabase.js");

/** Runs the Supabase CLI on this project. Rejects with what it printed when it fails. */
export async function supabaseCli(args: string[]): Promise<string> {
  const { stdout } = await execa(process.execPath, [CLI, ...args, "--workdir", REPOSITORY], {
    stdin: "ignore",
    env: { SUPABASE_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" },
  });
  return stdout;
}

/** Applies the migrations that the database at `url` (role `postgres`) has not seen. */
export async function pushMigrations(url: string): Promise<string> {
  return await supabaseCli(["db", "push", `--remote=${url}`, "--yes"]);
}

/** Drops everything in `public` and `private` and applies all migrations again. */
export async function resetDatabase(url: string): Promise<string> {
  return await supabaseCli(["db", "reset", `--remote=${url}`, "--yes"]);
}
