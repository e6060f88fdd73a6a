import { readdir, symlink } from "node:fs/promises";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { supabaseCli } from "../../local/migrations/migrations.ts";
import { REPOSITORY } from "../../local/stack/settings.ts";
import { explainMissingStack } from "../../local/stack/status.ts";
import { withConnection } from "../../scripts/operations/find-database.ts";
import { emptyEnvironment, spawnStack } from "../helpers/own-stack.ts";
import { copyProject, type ProjectCopy } from "./databases.ts";

const SLOW = { timeout: 240_000 };
const UPSTREAM = "20260601000000_parley_0.2.0_topics.sql";

/** Copies everything that a stack runs from. */
async function copyRunnable(): Promise<ProjectCopy> {
  const project = await copyProject("functions", "local", "packages", "types");
  const modules = path.join(project.directory, "node_modules");
  await symlink(path.join(REPOSITORY, "node_modules"), modules);
  return project;
}

test("after a pull, npm start applies a migration older than the team's own", SLOW, async () => {
  const project = await copyRunnable();
  const env = await emptyEnvironment();
  const start = async () => {
    const stack = spawnStack(env, onTestFinished, project.directory);
    const { DB_URL } = await stack.ready();
    const tables = await publicTables(DB_URL);
    expect(await stack.end()).toBe(0);
    return { tables, lines: stack.lines.join("\n") };
  };

  await supabaseCli(["migration", "new", "add_notes"], project.directory);
  const files = await readdir(path.join(project.directory, "supabase/migrations"));
  const own = files.find((file) => file.endsWith("_add_notes.sql")) ?? "";
  await project.write(own, "create table public.notes (id integer primary key);\n");
  const first = await start();
  expect(first.tables).toContain("notes");
  expect(first.tables).not.toContain("topics");

  await project.write(UPSTREAM, "create table public.topics (id integer primary key);\n");
  const second = await start();

  expect(second.lines).toContain(`applies ${UPSTREAM}`);
  expect(second.tables).toEqual(expect.arrayContaining(["notes", "profiles", "topics"]));
});

test("while the stack waits for an edit of a migration, the scripts say so", SLOW, async () => {
  const project = await copyRunnable();
  const env = { ...await emptyEnvironment(), PARLEY_WATCH: "on" };
  const file = "20270101000000_add_notes.sql";
  await project.write(file, "create table public.notes (id intege);\n");
  const stack = spawnStack(env, onTestFinished, project.directory);
  await stack.line(/Waiting for a change/);

  const sentence = await explainMissingStack(env.PARLEY_STATE_DIR);
  await project.write(file, "create table public.notes (id integer primary key);\n");
  await stack.ready();
  expect(await stack.end()).toBe(0);

  expect(sentence).toMatch(/^The stack waits for a change in supabase\/migrations\//);
  expect(sentence).toContain(`${file}:1: type "intege" does not exist`);
  expect(await explainMissingStack(env.PARLEY_STATE_DIR)).toMatch(/^No stack is ready/);
});

/** Returns the names of the tables in schema public. */
function publicTables(url: string): Promise<string[]> {
  return withConnection(url, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      "select tablename as name from pg_tables where schemaname = 'public'",
    );
    return rows.map(({ name }) => name);
  });
}
