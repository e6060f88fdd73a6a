// Before the baseline, the files of sql/ were the migrations: versions 00 to 18.
import { expect, test } from "vitest";
import { BASELINE_VERSION } from "../../local/migrations/baseline.ts";
import {
  appliedVersions,
  copyProject,
  makeDatabase,
  migrate,
  type UpgradeDatabase,
} from "./databases.ts";

async function makeNumbered(): Promise<UpgradeDatabase> {
  const database = await makeDatabase("migrated");
  await database.query(`
    delete from supabase_migrations.schema_migrations;
    insert into supabase_migrations.schema_migrations (version, name, statements)
    select to_char(n, 'FM00'), 'file', '{}' from generate_series(0, 18) n
  `);
  return database;
}

test("a database with the numbered versions is moved to the baseline", async () => {
  const database = await makeNumbered();
  await database.query("create table public.notes (id integer)");
  const project = await copyProject();

  const lines = await migrate(database, project);

  expect(lines).toEqual([expect.stringMatching(/^The baseline replaces 00, 01, .* 18 /)]);
  expect(await appliedVersions(database)).toEqual([BASELINE_VERSION]);
  expect(await migrate(database, project)).toEqual([]);
});

test("a numbered database with migrations to come is moved, and then migrated", async () => {
  const database = await makeNumbered();
  const project = await copyProject();
  await project.write("20270101000000_own.sql", "create table public.notes (id integer);\n");

  await migrate(database, project);

  expect(await appliedVersions(database)).toEqual([BASELINE_VERSION, "20270101000000"]);
});

test("a numbered migration of a team is not taken for one of Parley's", async () => {
  const database = await makeNumbered();
  await database.query(
    "insert into supabase_migrations.schema_migrations (version, name) values ('19', 'ours')",
  );

  await expect(migrate(database, await copyProject())).rejects.toThrow(/lacks: 19_ours\.sql/);

  expect(await appliedVersions(database)).toHaveLength(20);
});

test("a dry run keeps the numbered versions", async () => {
  const database = await makeNumbered();

  await migrate(database, await copyProject(), { isDryRun: true });

  expect(await appliedVersions(database)).toHaveLength(19);
});

test("a numbered database with another schema asks for a reset", async () => {
  const database = await makeNumbered();
  await database.query("alter table public.plans drop column rank");

  await expect(migrate(database, await copyProject())).rejects.toThrow(/npm run db:reset.*plans/s);

  expect(await appliedVersions(database)).toHaveLength(19);
});
