// Runs the samples of docs/customize.md and docs/deploy.md, as a team would use them.
import { readFile } from "node:fs/promises";
import path from "node:path";
import type pg from "pg";
import { expect, test } from "vitest";
import { BASELINE_VERSION } from "../../local/migrations/baseline.ts";
import { REPOSITORY } from "../../local/stack/settings.ts";
import { createTestDatabases } from "../database/runner/test-databases.ts";
import { copyProject, makeDatabase, migrate } from "./databases.ts";

/** Returns the fenced blocks of a page in one language. */
async function samples(page: string, language: string): Promise<string[]> {
  const text = await readFile(path.join(REPOSITORY, "docs", page), "utf8");
  const fences = text.matchAll(/^( *)```(\w+)\n([\s\S]*?)^\1```$/gm);
  return Array.from(fences).filter(([, , found]) => found === language).map(([, , , code = ""]) =>
    code
  );
}

test("the samples of customize.md form a working migration, and its test passes", async () => {
  const database = await makeDatabase("migrated");
  const project = await copyProject();
  const sql = await samples("customize.md", "sql");
  const tests = sql.filter((code) => code.startsWith("begin;"));
  const migrations = sql.filter((code) => !code.startsWith("begin;"));
  expect([migrations.length, tests.length]).toEqual([4, 1]);

  await project.write("20270101000000_add_notes.sql", migrations.join("\n"));
  await migrate(database, project);
  // A later release with an older stamp must still be applied.
  await project.write(
    "20260601000000_parley_0.2.0_x.sql",
    "create table public.topics (id integer);",
  );
  await migrate(database, project);

  await using resources = new AsyncDisposableStack();
  const copies = await createTestDatabases(database.url, resources);
  for (const code of tests) {
    expect(await copies.withDatabase((client) => runPgTap(client, code))).toEqual([
      "1..1",
      "ok 1 - a stranger sees no note",
    ]);
  }
  const [counted] = await database.query<{ assistants: string; columns: string }>(`
    select (select count(*) from private.assistant_instructions where slug = 'acme-guide') as assistants,
      (select count(*) from information_schema.columns where column_name = 'acme_newsletter') as columns
  `);
  expect(counted).toEqual({ assistants: "1", columns: "1" });
});

/** Runs a pgTAP file and returns its lines. */
async function runPgTap(client: pg.Client, code: string): Promise<string[]> {
  const result: unknown = await client.query({ text: code, rowMode: "array" });
  const results = Array.isArray(result) ? result : [result];
  return results.flatMap((each: pg.QueryArrayResult<string[]>) => each.rows.flat())
    .filter((line) => /^(?:\d+\.\.|ok|not ok)/.test(line));
}

test("deploy.md records the version of the baseline", async () => {
  expect((await samples("deploy.md", "sh")).join("")).toContain(`applied ${BASELINE_VERSION} `);
});
