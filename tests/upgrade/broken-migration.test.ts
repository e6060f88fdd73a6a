import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { migrationChange, pushMigrations } from "../../local/migrations/migrations.ts";
import {
  type ScratchDatabase,
  startScratchDatabase,
} from "../../local/postgres/scratch-database.ts";
import { REPOSITORY } from "../../local/stack/settings.ts";

let scratch: ScratchDatabase;
beforeAll(async () => {
  scratch = await startScratchDatabase();
});
afterAll(() => scratch[Symbol.asyncDispose]());

let made = 0;

/** Returns the URL of a migrated database that no other test uses. */
async function createDatabase(): Promise<string> {
  const name = `copy_${++made}`;
  const admin = new pg.Client(scratch.url("supabase_admin", "template1"));
  await admin.connect();
  await admin.query(`create database ${name} template postgres owner postgres`);
  await admin.end();
  return scratch.url("postgres", name);
}

/** Creates a project with the migrations of this one and one more. */
async function projectWith(file: string, text: string): Promise<string> {
  const project = await mkdtemp(path.join(os.tmpdir(), "parley-project-"));
  onTestFinished(() => rm(project, { recursive: true, force: true }));
  await cp(path.join(REPOSITORY, "supabase"), path.join(project, "supabase"), { recursive: true });
  await writeFile(path.join(project, "supabase/migrations", file), text);
  return project;
}

test.for(
  [
    [
      "a syntax error",
      "create table public.one (id integer);\n\ncreate table public.two (\n  id integr primray key\n);\n",
      4,
      "syntax error",
    ],
    [
      "an unknown type",
      "create table public.one (\n  id integer,\n  name txet\n);\n",
      3,
      'type "txet" does not exist',
    ],
    [
      "an error without a position",
      "create table public.one (id integer);\n\ndrop table public.two;\n",
      3,
      "does not exist",
    ],
  ] as const,
)("%s is shown with file, line and message", async ([, text, line, reason]) => {
  const project = await projectWith("20990101000000_broken.sql", text);
  const url = await createDatabase();

  const failure = await pushMigrations(url, project).catch((error: Error) => error);

  expect(failure).toMatchObject({ name: "MigrationError" });
  expect(String(failure)).toContain(`20990101000000_broken.sql:${line}: `);
  expect(String(failure)).toContain(reason);
  expect(String(failure)).not.toContain(new URL(url).password);
});

test("the wait ends when the migration is corrected, and the remaining ones are applied", async () => {
  const project = await projectWith(
    "20990101000000_broken.sql",
    "create tabel public.one (id integer);",
  );
  const url = await createDatabase();
  await expect(pushMigrations(url, project)).rejects.toThrow("20990101000000_broken.sql:1");

  const changed = migrationChange(new AbortController().signal, project);
  await writeFile(
    path.join(project, "supabase/migrations/20990101000000_broken.sql"),
    "create table public.one (id integer);",
  );
  await changed;

  await pushMigrations(url, project);
});
