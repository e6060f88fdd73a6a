import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";
import { REPOSITORY } from "../stack/settings.ts";
import { migrationsFolder, readFrozenList } from "./migration-files.ts";
import { readSqlFiles } from "./sql-files.ts";

/** The version of the baseline in the history. It is older than every version of `supabase migration new`. */
export const BASELINE_VERSION = "20260101000000";

const PackageJson = z.object({ version: z.string() });

/** The migration that makes a whole database: a file name for the CLI, and the joined files of `sql/`. */
export interface Baseline {
  file: string;
  text: string;
}

/** Reads the release of a project from its package.json. */
export async function readRelease(project: string = REPOSITORY): Promise<string> {
  const text = await readFile(path.join(project, "package.json"), "utf8");
  return PackageJson.parse(JSON.parse(text)).version;
}

/** Returns true once a release has frozen the baseline of a project. */
export async function hasFrozenBaseline(project: string = REPOSITORY): Promise<boolean> {
  return /_baseline\.sql$/m.test(await readFrozenList(project));
}

/** Builds the baseline of a project from its `sql/` and the version in its package.json. */
export async function buildBaseline(project: string = REPOSITORY): Promise<Baseline> {
  const version = await readRelease(project);
  const files = await readSqlFiles(project);
  const head =
    `-- Parley ${version}, written from sql/ by \`npm run db:baseline\`. Edit the files of sql/ instead.\n`;
  return {
    file: `${BASELINE_VERSION}_parley_${version}_baseline.sql`,
    text: head + files.map((file) => `\n-- From ${file.path}\n\n${file.text}`).join(""),
  };
}

/**
 * Writes the baseline, and removes the baseline of another version. Returns its file name. Rejects once the baseline
 * belongs to a release.
 */
export async function writeBaseline(project: string = REPOSITORY): Promise<string> {
  const folder = migrationsFolder(project);
  if (await hasFrozenBaseline(project)) {
    throw new Error(
      "The baseline belongs to a release and stays as it is. Write a new migration in supabase/migrations/.",
    );
  }
  const { file, text } = await buildBaseline(project);
  await mkdir(folder, { recursive: true });
  for (const other of await readdir(folder)) {
    if (other.startsWith(`${BASELINE_VERSION}_`) && other !== file) {
      await rm(path.join(folder, other));
    }
  }
  await writeFile(path.join(folder, file), text);
  return file;
}
