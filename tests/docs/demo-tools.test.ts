import { readFile } from "node:fs/promises";
import path from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { REPOSITORY } from "../../local/stack/settings.ts";
import { runScript } from "../helpers/run-script.ts";
import { asPostgres, stack, stateDir } from "../helpers/stack.ts";

/** Where the sample app begins in the seed. */
const SAMPLE_APP = "-- The sample app of";

const seed = await readFile(path.join(REPOSITORY, "supabase/seed.sql"), "utf8");

const runDemo = () => runScript("demo.ts", ["--tools"], { PARLEY_STATE_DIR: stateDir });

async function removeGoals(): Promise<void> {
  await asPostgres(`
    delete from public.tools where slug in ('add_goal', 'list_goals');
    delete from public.chat_sessions where assistant_slug = 'goal-coach';
    delete from public.assistants where slug = 'goal-coach';
    drop function if exists tools.add_goal(text), tools.list_goals();
    drop table if exists public.goals;
  `);
}

beforeAll(removeGoals);
afterAll(removeGoals);

test("the seed can run again", async () => {
  // A new connection, because the seed's function lasts as long as its connection.
  const client = new pg.Client(stack.DB_URL);
  await client.connect();
  try {
    await client.query(`begin; ${seed}; drop function pg_temp.seed_user; ${seed}; rollback`);
  } finally {
    await client.end();
  }
});

test("without the sample app, the demo says what to do", async () => {
  const { exitCode, stderr } = await runDemo();

  expect(exitCode).toBe(1);
  expect(stderr).toContain("npm run db:reset");
});

test("a goal is approved, booked and listed, and the calls are printed", async () => {
  await asPostgres(seed.slice(seed.indexOf(SAMPLE_APP)));

  const { exitCode, stdout, stderr } = await runDemo();

  expect([exitCode, stderr]).toEqual([0, ""]);
  expect(stdout).toContain('Call: add_goal({"title":"Run ten kilometres"})');
  expect(stdout).toContain("Approved, because nobody can be asked here.");
  expect(stdout).toMatch(/Output of add_goal: \[\{"goal":"Run ten kilometres","booked_at":"/);
  expect(stdout).toMatch(/Output of list_goals: \[\{"goal":"Run ten kilometres","booked_at":"/);
  expect(await asPostgres("select title from public.goals")).toEqual([
    { title: "Run ten kilometres" },
  ]);
});
