import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { REPOSITORY } from "../stack/settings.ts";

/** A file that the Supabase CLI takes for a migration. */
export interface MigrationFile {
  file: string;
  version: string;
  text: string;
}

/** Names of migrations: https://supabase.com/docs/reference/cli/supabase-migration-new */
const MIGRATION_NAME = /^(\d+)_.*\.sql$/;
/** A line that `sha256sum` writes. */
const CHECKSUM = /^([0-9a-f]{64}) [ *](.+)$/;

/** Returns the folder of the migrations of a project. */
export function migrationsFolder(project: string = REPOSITORY): string {
  return path.join(project, "supabase/migrations");
}

/** Reads the migrations of a project in the order in which the CLI applies them. */
export async function readMigrationFiles(project: string = REPOSITORY): Promise<MigrationFile[]> {
  const folder = migrationsFolder(project);
  const names = (await readdir(folder)).filter((name) => MIGRATION_NAME.test(name)).sort();
  return await Promise.all(names.map(async (file) => ({
    file,
    version: file.slice(0, file.indexOf("_")),
    text: await readFile(path.join(folder, file), "utf8"),
  })));
}

/**
 * Names the frozen migrations that are missing or changed. `frozen.sha256` lists the released migrations; without
 * that file, nothing is frozen yet. Throws when the list itself is damaged.
 */
export async function findEditedFrozen(project: string = REPOSITORY): Promise<string[]> {
  const folder = migrationsFolder(project);
  const list = await readFile(path.join(folder, "frozen.sha256"), "utf8").catch(() => "");
  const edited: string[] = [];
  for (const line of list.split(/\r?\n/).filter((line) => line !== "")) {
    const [, hash, file] = line.match(CHECKSUM) ?? [];
    if (!hash || !file) {
      throw new Error(`frozen.sha256 has a line that sha256sum does not write: ${line}`);
    }
    const content = await readFile(path.join(folder, file)).catch(() => "");
    if (createHash("sha256").update(content).digest("hex") !== hash) edited.push(file);
  }
  return edited;
}
