import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { buildBaseline } from "../../local/migrations/baseline.ts";
import { copyProject, makeDatabase, migrate } from "./databases.ts";

const OWN = "20270101000000_own.sql";

test("an applied file that was edited is refused, with the line", async () => {
  const database = await makeDatabase("migrated");
  const project = await copyProject();
  const text =
    "create table public.one (id integer);\n\n-- The second.\ncreate table public.two (id integer);\n";
  await project.write(OWN, text);
  await migrate(database, project);

  await project.write(OWN, text.replace("two (id integer)", "two (id bigint)"));
  await expect(migrate(database, project)).rejects.toThrow(`${OWN}:4 was edited`);

  await project.write(OWN, `${text}create table public.three (id integer);\n`);
  await expect(migrate(database, project)).rejects.toThrow(`${OWN}:5 was edited`);

  await project.write(OWN, text.replaceAll("\n", "\r\n"));
  expect(await migrate(database, project)).toEqual([]);
});

test("an older baseline asks for a reset, in one sentence", async () => {
  const database = await makeDatabase("migrated");
  const project = await copyProject();
  const { file, text } = await buildBaseline();
  await project.write(
    file,
    text.replace("create table public.plans", "create table public.tariffs"),
  );

  await expect(migrate(database, project)).rejects.toThrow(/older baseline.*npm run db:reset/);
});

test("an applied file that is missing is named", async () => {
  const database = await makeDatabase("migrated");
  const project = await copyProject();
  await project.write(OWN, "create table public.one (id integer);\n");
  await migrate(database, project);
  await project.remove(OWN);

  await expect(migrate(database, project)).rejects.toThrow(OWN);
});

test("an edited frozen file is refused, and an unchanged one is not", async () => {
  const database = await makeDatabase("migrated");
  const project = await copyProject();
  const release = "20260601000000_parley_1.0.0_topics.sql";
  const text = "create table public.topics (id integer);\n";
  await project.write(release, text);
  const hash = createHash("sha256").update(text).digest("hex");
  await project.write("frozen.sha256", `${hash}  ${release}\n`);
  expect(await migrate(database, project)).toEqual([`applies ${release}`]);

  await project.write(release, `${text}-- A comment.\n`);

  await expect(migrate(database, project)).rejects.toThrow(`${release} belongs to a release`);
});

test("a history without statements is accepted", async () => {
  const database = await makeDatabase("migrated");
  await database.query("update supabase_migrations.schema_migrations set statements = null");

  expect(await migrate(database, await copyProject())).toEqual([]);
});
