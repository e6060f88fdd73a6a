// The steps of `npm run check` for sql/ and supabase/migrations/.
import { readFile } from "node:fs/promises";
import path from "node:path";
import type pg from "pg";
import { SUPERUSER } from "../local/postgres/names.ts";
import { buildBaseline, hasFrozenBaseline, readRelease } from "../local/migrations/baseline.ts";
import { compareCatalogues, readCatalogue } from "../local/migrations/catalogue.ts";
import { readHistory } from "../local/migrations/history.ts";
import {
  findEditedFrozen,
  migrationsFolder,
  readMigrationFiles,
} from "../local/migrations/migration-files.ts";
import { readSqlFiles, type SqlFile } from "../local/migrations/sql-files.ts";
import { findRuleBreaks } from "../local/migrations/statement-rules.ts";
import type { ScratchDatabase } from "../local/postgres/scratch-database.ts";
import { REPOSITORY } from "../local/stack/settings.ts";
import { RELEASE } from "../functions/_shared/http/outdated.ts";
import { withConnection } from "../local/postgres/with-connection.ts";

/** Rejects when `npm run db:baseline` would change the baseline. A frozen baseline is not compared. */
export async function checkBaseline(project: string = REPOSITORY): Promise<void> {
  const folder = migrationsFolder(project);
  const { file, text } = await buildBaseline(project);
  if (await hasFrozenBaseline(project)) return;
  const written = await readFile(path.join(folder, file), "utf8").catch(() => "");
  if (written.replaceAll("\r\n", "\n") === text) return;
  throw new Error(`supabase/migrations/${file} differs from sql/: run \`npm run db:baseline\``);
}

/** Rejects when a released migration was edited, or when a failed migration could leave half of its changes behind. */
export async function checkMigrationRules(
  database: ScratchDatabase,
  project: string = REPOSITORY,
): Promise<void> {
  const frozen = await findEditedFrozen(project);
  const history = await withConnection(database.url("postgres"), readHistory);
  const breaks = [
    ...frozen.map((file) => `${file} belongs to a release. Restore it, and write a new migration.`),
    ...history.flatMap(findRuleBreaks),
  ];
  if (breaks.length > 0) throw new Error(breaks.join("\n"));
}

/**
 * Makes one database from Parley's migrations and another from sql/. Rejects with every difference between the two. A
 * team's own migrations are left out, because sql/ lacks their objects.
 */
export async function checkDrift(
  database: ScratchDatabase,
  project: string = REPOSITORY,
): Promise<void> {
  const migrations = (await readMigrationFiles(project)).filter(({ file }) => isOurs(file))
    .map(({ file, text }) => ({ path: file, text }));
  const make = async (name: string, files: readonly SqlFile[]) => {
    await database.createDatabase(name);
    await withConnection(database.url("postgres", name), (client) => applyFiles(client, files));
    return await catalogueOf(database.url(SUPERUSER, name));
  };
  const differences = compareCatalogues(
    { name: "supabase/migrations", entries: await make("from_migrations", migrations) },
    { name: "sql", entries: await make("from_sql", await readSqlFiles(project)) },
  );
  if (differences.length > 0) throw new Error(differences.join("\n"));
}

/** Tells Parley's migrations from a team's by their names: `<stamp>_parley_<release>_<what>.sql`. */
function isOurs(file: string): boolean {
  return /^\d+_parley_/.test(file);
}

/** Runs the files of sql/ one after the other, as role `postgres`. Rejects with the name of the failed file. */
export async function applySqlFiles(client: pg.Client): Promise<void> {
  await applyFiles(client, await readSqlFiles());
}

async function applyFiles(client: pg.Client, files: readonly SqlFile[]): Promise<void> {
  for (const { path, text } of files) {
    try {
      await client.query(text);
    } catch (error) {
      throw new Error(`${path}: ${error instanceof Error ? error.message : error}`, {
        cause: error,
      });
    }
  }
}

/** Rejects unless package.json, the functions and the database name the same release. */
export async function checkRelease(database: ScratchDatabase): Promise<void> {
  const version = await readRelease();
  const found = await withConnection(database.url("postgres"), async (client) => {
    const { rows } = await client.query<{ release: string }>("select private.release() as release");
    return rows[0]?.release;
  });
  if (version === RELEASE && version === found) return;
  throw new Error(
    `package.json has ${version}, functions/_shared/http/outdated.ts ${RELEASE}, sql/00_foundation.sql ${found}`,
  );
}

function catalogueOf(url: string) {
  return withConnection(url, (client) => readCatalogue(client));
}
