import { hash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { REPOSITORY } from "../stack/settings.ts";

/** A file that the Supabase CLI recognises as a migration. */
export interface MigrationFile {
  file: string;
  version: string;
  text: string;
}

/** The names of migrations. Source: https://supabase.com/docs/reference/cli/supabase-migration-new */
const MIGRATION_NAME = /^(\d+)_.*\.sql$/;
/** A line in the format of `sha256sum`. */
const CHECKSUM = /^([0-9a-f]{64}) [ *](.+)$/;

/** Returns the folder of the migrations of a project. */
export function migrationsFolder(project: string = REPOSITORY): string {
  return path.join(project, "supabase/migrations");
}

/** Reads the migrations of a project, in the order in which the CLI applies them. */
export async function readMigrationFiles(project: string = REPOSITORY): Promise<MigrationFile[]> {
  const folder = migrationsFolder(project);
  const names = (await readdir(folder)).filter((name) => MIGRATION_NAME.test(name)).sort();
  return await Promise.all(names.map(async (file) => ({
    file,
    version: file.slice(0, file.indexOf("_")),
    text: await readFile(path.join(folder, file), "utf8"),
  })));
}

/** Reads `frozen.sha256`, the list of released migrations. Returns an empty text when nothing is frozen yet. */
export function readFrozenList(project: string = REPOSITORY): Promise<string> {
  return readFile(path.join(migrationsFolder(project), "frozen.sha256"), "utf8").catch(() => "");
}

/**
 * Lists the frozen migrations that are missing or changed. Rejects when the list of frozen migrations is damaged.
 */
export async function findEditedFrozen(project: string = REPOSITORY): Promise<string[]> {
  const folder = migrationsFolder(project);
  const list = await readFrozenList(project);
  const edited: string[] = [];
  for (const line of list.split(/\r?\n/).filter((line) => line !== "")) {
    const [, checksum, file] = line.match(CHECKSUM) ?? [];
    if (!checksum || !file) {
      throw new Error(`frozen.sha256 has a line that is not in the format of sha256sum: ${line}`);
    }
    const content = await readFile(path.join(folder, file)).catch(() => "");
    if (hash("sha256", content) !== checksum) edited.push(file);
  }
  return edited;
}
