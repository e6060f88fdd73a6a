import { expect, test } from "vitest";
import { appliedVersions, copyProject, hasRelation, makeDatabase, migrate } from "./databases.ts";

const FIRST = "20270101000000_first.sql";
const BROKEN = "20270102000000_broken.sql";
const LAST = "20270103000000_last.sql";

test("a failure names file, line and statement, and the file leaves nothing behind", async () => {
  const database = await makeDatabase("migrated");
  const project = await copyProject();
  await project.write(FIRST, "create table public.first (id integer);\n");
  await project.write(
    BROKEN,
    "create table public.half (id integer);\n\ncreate table public.first (\n  id integer\n);\n",
  );
  await project.write(LAST, "create table public.last (id integer);\n");

  const failure = await migrate(database, project).catch((error: Error) => error);

  expect(failure).toMatchObject({ name: "MigrationError" });
  expect(String(failure)).toContain(`${BROKEN}:3: relation "first" already exists`);
  expect(String(failure)).toContain("create table public.first (\n  id integer\n)");
  expect(String(failure)).not.toContain(new URL(database.url).password);
  expect(await hasRelation(database, "public.first")).toBe(true);
  expect(await hasRelation(database, "public.half")).toBe(false);
  expect(await hasRelation(database, "public.last")).toBe(false);

  await project.write(BROKEN, "create table public.half (id integer);\n");
  expect(await migrate(database, project)).toEqual([`applies ${BROKEN}`, `applies ${LAST}`]);
  expect((await appliedVersions(database)).slice(1))
    .toEqual(["20270101000000", "20270102000000", "20270103000000"]);
});

test("of two equal statements, the failed one is named", async () => {
  const database = await makeDatabase("migrated");
  const project = await copyProject();
  const table = "create table public.twice (id integer);\n";
  await project.write(BROKEN, `${table}\n${table}`);

  await expect(migrate(database, project)).rejects.toThrow(`${BROKEN}:3: `);
});

test("an error in the baseline also names the file of sql/", async () => {
  const database = await makeDatabase("empty");
  const project = await copyProject();
  const baseline = "20260101000000_parley_0.0.0_baseline.sql";
  const [written = ""] = (await migrate(database, project, { isDryRun: true }))
    .map((line) => line.replace("would apply ", ""));
  await project.remove(written);
  const head = "-- Parley\n\n-- From sql/00_one.sql\n\ncreate schema one;\n";
  await project.write(baseline, `${head}\n-- From sql/01_two.sql\n\n\ncreate schema one;\n`);

  await expect(migrate(database, project)).rejects.toThrow(`${baseline}:10 (sql/01_two.sql:2): `);
});
