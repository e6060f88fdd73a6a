import { readdir } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { supabaseCli } from "../../local/migrations/migrations.ts";
import { BASELINE_VERSION } from "../../local/migrations/baseline.ts";
import { appliedVersions, copyProject, hasRelation, makeDatabase, migrate } from "./databases.ts";

const RELEASE = "20260601000000_parley_0.2.0_topics.sql";

test("a release with an older stamp than the team's migration is still applied", async () => {
  const database = await makeDatabase("migrated");
  const project = await copyProject();
  await supabaseCli(["migration", "new", "add_notes"], project.directory);
  const files = await readdir(path.join(project.directory, "supabase/migrations"));
  const own = files.find((file) => file.endsWith("_add_notes.sql")) ?? "";
  await project.write(own, "create table public.notes (id integer primary key);\n");
  expect(await migrate(database, project)).toEqual([`applies ${own}`]);

  await project.write(RELEASE, "create table public.topics (id integer primary key);\n");

  expect(await migrate(database, project)).toEqual([`applies ${RELEASE}`]);
  expect(await hasRelation(database, "public.topics")).toBe(true);
  expect(await appliedVersions(database))
    .toEqual([BASELINE_VERSION, "20260601000000", own.split("_")[0]]);
  expect(await migrate(database, project)).toEqual([]);
});

test("a dry run names the files in their order and changes nothing", async () => {
  const database = await makeDatabase("migrated");
  const project = await copyProject();
  await project.write("20270101000000_own.sql", "create table public.notes (id integer);\n");
  await project.write(RELEASE, "create table public.topics (id integer);\n");

  const lines = await migrate(database, project, { isDryRun: true });

  expect(lines).toEqual([`would apply ${RELEASE}`, "would apply 20270101000000_own.sql"]);
  expect(await appliedVersions(database)).toEqual([BASELINE_VERSION]);
  expect(await hasRelation(database, "public.topics")).toBe(false);
});

test("an empty database gets the baseline and the team's migrations", async () => {
  const database = await makeDatabase("empty");
  const project = await copyProject();
  await project.write("20270101000000_own.sql", "create table public.notes (id integer);\n");

  const lines = await migrate(database, project);

  expect(lines).toHaveLength(2);
  expect(await hasRelation(database, "public.profiles")).toBe(true);
  expect(await hasRelation(database, "public.notes")).toBe(true);
});
