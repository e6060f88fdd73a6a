// Uses only the pinned CLI, from the root of the project, as Supabase documents it.
import { mkdtemp, readdir, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { execa } from "execa";
import { expect, onTestFinished, test } from "vitest";
import { BASELINE_VERSION } from "../../local/migrations/baseline.ts";
import { supabaseCli } from "../../local/migrations/migrations.ts";
import { readSqlFiles } from "../../local/migrations/sql-files.ts";
import { REPOSITORY } from "../../local/stack/settings.ts";
import { appliedVersions, copyProject, hasRelation, makeDatabase, migrate } from "./databases.ts";

test("push, list, new and reset work from the root, also with frozen.sha256", async () => {
  const database = await makeDatabase("empty");
  const project = await copyProject();
  await project.write("frozen.sha256", "");
  const remote = `--remote=${database.url}`;
  const cli = (...args: string[]) => supabaseCli(args, project.directory);

  await cli("db", "push", remote, "--yes");
  expect(await hasRelation(database, "public.profiles")).toBe(true);
  expect(await cli("migration", "list", remote)).toContain(BASELINE_VERSION);

  await cli("migration", "new", "add_notes");
  const own = (await readdir(path.join(project.directory, "supabase/migrations")))
    .find((file) => file.endsWith("_add_notes.sql")) ?? "";
  await project.write(own, "create table public.notes (id integer);\n");
  await cli("db", "push", remote, "--yes");
  await database.query("insert into public.notes values (1)");

  await cli("db", "reset", remote, "--yes", "--no-seed");
  expect(await database.query("select * from public.notes")).toEqual([]);
  expect(await appliedVersions(database)).toHaveLength(2);
});

test("the files of sql/ may be pasted one after the other, and the baseline recorded", async () => {
  const database = await makeDatabase("empty");
  const project = await copyProject();
  for (const { text } of await readSqlFiles()) await database.query(text);

  const repair = ["migration", "repair", "--status", "applied", BASELINE_VERSION];
  await supabaseCli([...repair, `--remote=${database.url}`, "--yes"], project.directory);

  expect(await migrate(database, project)).toEqual([]);
  await project.write("20270101000000_own.sql", "create table public.notes (id integer);\n");
  expect(await migrate(database, project)).toHaveLength(1);
});

test("a checkout without symbolic links has the migrations", async () => {
  const { stdout } = await execa("git", ["ls-files", "-s"], { cwd: REPOSITORY });
  expect(stdout.split("\n").filter((line) => line.startsWith("120000"))).toEqual([]);

  const clone = await mkdtemp(path.join(os.tmpdir(), "parley-clone-"));
  onTestFinished(() => rm(clone, { recursive: true, force: true }));
  await execa("git", ["clone", "--quiet", "--config", "core.symlinks=false", REPOSITORY, clone]);

  const entries = await readdir(path.join(clone, "supabase/migrations"));
  expect(entries.filter((entry) => entry.startsWith(BASELINE_VERSION))).toHaveLength(1);
});
