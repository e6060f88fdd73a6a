import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import pg from "pg";
import { inject, onTestFinished } from "vitest";
import { migrateDatabase } from "../../local/migrations/migrate-database.ts";
import { REPOSITORY } from "../../local/stack/settings.ts";
import { withConnection } from "../../scripts/operations/find-database.ts";

/** A database of one test. */
export interface UpgradeDatabase {
  /** Connection URL of role `postgres`. */
  url: string;
  /** Connection URL of the superuser. */
  superuser: string;
  /** Runs SQL as role `postgres` and returns the rows of the last statement. */
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
}

let made = 0;

/**
 * Creates a database: `migrated` has the baseline, `empty` only what a Supabase project has. It is dropped after the
 * test.
 */
export async function makeDatabase(kind: "migrated" | "empty"): Promise<UpgradeDatabase> {
  const server = inject("upgradeServer");
  const name = `upgrade_${process.pid}_${++made}`;
  const admin = (text: string) =>
    withConnection(server.superuser, async (client) => void await client.query(text));
  const template = kind === "migrated" ? "postgres" : "empty";
  // A copy has neither the owner nor the grants of its template.
  await admin(`create database ${name} template ${template} owner postgres`);
  onTestFinished(() => admin(`drop database ${name} with (force)`));
  const url = withName(server.postgres, name);
  return {
    url,
    superuser: withName(server.superuser, name),
    query: <Row extends pg.QueryResultRow>(text: string, values?: unknown[]) =>
      withConnection(url, async (client) => (await client.query<Row>(text, values)).rows),
  };
}

function withName(url: string, name: string): string {
  return Object.assign(new URL(url), { pathname: `/${name}` }).href;
}

/** A copy of the files that a team clones, in a temporary directory. */
export interface ProjectCopy {
  directory: string;
  /** Writes a migration. */
  write(file: string, text: string): Promise<void>;
  remove(file: string): Promise<void>;
  read(file: string): Promise<string>;
}

/** Copies `sql/`, `supabase/` and any folders named; the copy is removed after the test. */
export async function copyProject(...folders: string[]): Promise<ProjectCopy> {
  const directory = await mkdtemp(path.join(os.tmpdir(), "parley-project-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  for (const each of ["sql", "supabase", "package.json", ...folders]) {
    await cp(path.join(REPOSITORY, each), path.join(directory, each), { recursive: true });
  }
  const place = (file: string) => path.join(directory, "supabase/migrations", file);
  await mkdir(path.dirname(place("")), { recursive: true });
  return {
    directory,
    write: (file, text) => writeFile(place(file), text),
    remove: (file) => rm(place(file)),
    read: (file) => readFile(place(file), "utf8"),
  };
}

/** Migrates a database from a copy and returns the log lines. */
export async function migrate(
  database: UpgradeDatabase,
  { directory }: ProjectCopy,
  options: { isDryRun?: boolean } = {},
): Promise<string[]> {
  const lines: string[] = [];
  await migrateDatabase(database.url, {
    ...options,
    project: directory,
    log: (line) => lines.push(line),
  });
  return lines;
}

/** Returns the versions that a database has applied, in order. */
export async function appliedVersions(database: UpgradeDatabase): Promise<string[]> {
  const rows = await database.query<{ version: string }>(
    "select version from supabase_migrations.schema_migrations order by version",
  );
  return rows.map(({ version }) => version);
}

/** Tells whether a relation exists. */
export async function hasRelation(database: UpgradeDatabase, name: string): Promise<boolean> {
  const [row] = await database.query<{ found: boolean }>(
    "select to_regclass($1) is not null as found",
    [name],
  );
  return row?.found ?? false;
}
