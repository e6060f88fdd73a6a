import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import {
  type ScratchDatabase,
  startScratchDatabase,
} from "../../local/postgres/scratch-database.ts";
import { runScript } from "../helpers/run-script.ts";

// A database of its own, because the stack's may be unhealthy after other tests.
let scratch: ScratchDatabase;
let database: pg.Client;
beforeAll(async () => {
  scratch = await startScratchDatabase();
  database = new pg.Client(scratch.url("postgres"));
  await database.connect();
});
afterEach(() => database.query("delete from private.schedules where name like 'test-%'"));
afterAll(async () => {
  await database.end();
  await scratch[Symbol.asyncDispose]();
});

function checkHealth(...args: string[]) {
  return runScript("health.ts", args, { DATABASE_URL: scratch.url("postgres") });
}

async function readReport(): Promise<{ exitCode?: number; report: Record<string, unknown> }> {
  const { exitCode, stdout } = await checkHealth("--json");
  return { exitCode, report: JSON.parse(stdout) };
}

/** Signs up a user. A trigger creates the profile, visible to later statements. */
async function signUp(): Promise<void> {
  await database.query(`
    insert into auth.users (id, aud, role, email, raw_user_meta_data)
    values (gen_random_uuid(), 'authenticated', 'authenticated', gen_random_uuid() || '@example.com', '{}')
  `);
}

/** Starts a turn of a new user whose last progress has this age. */
async function startTurn(silence: string): Promise<void> {
  await signUp();
  await database.query(
    `with session as (
       insert into public.chat_sessions (user_id, assistant_slug)
       select id, 'coach' from public.profiles order by created_at desc limit 1
       returning id, user_id
     ), messages as (
       insert into public.chat_messages (id, session_id, user_id, seq, sender)
       select gen_random_uuid(), s.id, s.user_id, n, case n when 1 then 'user' else 'assistant' end
       from session s, generate_series(1, 2) n
       returning id, session_id, user_id, seq
     )
     insert into public.chat_turns (session_id, user_id, user_message_id, assistant_message_id, progressed_at)
     select one.session_id, one.user_id, one.id, two.id, now() - $1::interval
     from messages one, messages two
     where one.seq = 1 and two.seq = 2`,
    [silence],
  );
}

test("a healthy database gives exit code 0 and a whole report", async () => {
  const { exitCode, report } = await readReport();

  expect(report).toMatchObject({
    is_healthy: true,
    problems: [],
    stuck_turns: { count: 0 },
    misconfigured: { replies: 0, assistants: [] },
    late_lookouts: { count: 0, oldest: null },
    waiting_accounts: { count: 0, oldest: null },
  });
  expect(exitCode).toBe(0);
  expect(report.connections).toMatchObject({ max: 100, used: expect.any(Number) });
  expect(report.tables).toContainEqual(expect.objectContaining({ name: "profiles" }));
  expect(report.schedules).toContainEqual(
    expect.objectContaining({ name: "turn-recovery", target: "/turn-recovery", is_enabled: true }),
  );
});

test("a turn without recent progress is stuck; one with progress is not", async () => {
  await startTurn("10 seconds");
  await startTurn("10 minutes");

  const { exitCode, report } = await readReport();

  expect(exitCode).toBe(1);
  expect(report.problems).toEqual(["1 turns are stuck, the oldest for 10 min"]);
  await database.query("delete from public.chat_turns");
});

test("a reply that failed because of a setting is a problem for an hour; another failure is none", async () => {
  const failures = [
    ["provider_misconfigured", "50 minutes"],
    ["provider_misconfigured", "2 hours"],
    ["provider_busy", "1 minute"],
  ];
  for (const [code, age] of failures) {
    await startTurn("1 minute");
    await database.query(
      `with turn as (
         update public.chat_turns set status = 'failed', finished_at = now() - $2::interval
         where status = 'active'
         returning assistant_message_id
       )
       update public.chat_messages m set status = 'failed', error = jsonb_build_object('code', $1::text)
       from turn where m.id = turn.assistant_message_id`,
      [code, age],
    );
  }

  const { exitCode, report } = await readReport();

  expect(exitCode).toBe(1);
  expect(report.misconfigured).toEqual({ replies: 1, assistants: ["coach"] });
  expect(report.problems).toEqual([
    expect.stringMatching(
      /^1 replies failed in the last hour .* OPENAI_API_KEY, .*assistants.model of coach;/,
    ),
  ]);
  await database.query("delete from public.chat_turns");
});

test("an undeleted Stripe customer is a problem after an hour, another object after a day", async () => {
  await database.query(`
    insert into private.remote_deletions (kind, remote_id, created_at)
    values
      ('stripe_customer', 'cus_1', now() - interval '3 hours'),
      ('stripe_customer', 'cus_2', now()),
      ('file', 'file_1', now() - interval '23 hours')
  `);

  const { exitCode, report } = await readReport();

  expect(exitCode).toBe(1);
  expect(report.problems).toEqual([
    "2 Stripe customers wait to be deleted and may be charged, the oldest for 3 h",
  ]);
  await database.query("delete from private.remote_deletions");
});

test("a lookout that did not run in time is late; a paused one and a recently due one are not", async () => {
  await signUp();
  await database.query(`
    insert into public.lookouts
      (user_id, title, prompt, assistant_slug, frequency, cron_schedule, timezone, status, next_run_at)
    select p.id, 'News', 'What is new?', 'coach', 'daily', '0 9 * * *', 'UTC', l.status, now() - l.age
    from (select id from public.profiles order by created_at desc limit 1) p,
      (values ('active', interval '2 hours'), ('active', '29 minutes'), ('paused', null)) l (status, age)
  `);

  const { exitCode, report } = await readReport();

  expect(exitCode).toBe(1);
  expect(report.problems).toEqual(["1 lookouts are late, the oldest by 2 h"]);
  await database.query("delete from public.lookouts");
});

test("an account whose deletion has not removed its login within an hour is waiting", async () => {
  for (const age of ["2 hours", "50 minutes", "3 hours"]) {
    await signUp();
    await database.query(
      `insert into private.account_deletions (profile_id, requested_at)
       select id, now() - $1::interval from public.profiles order by created_at desc limit 1`,
      [age],
    );
  }
  // Its login is already deleted, and only the last sweep is left.
  await database.query(`
    update public.profiles set auth_id = null
    where id = (select profile_id from private.account_deletions order by requested_at limit 1)
  `);

  const { exitCode, report } = await readReport();

  expect(exitCode).toBe(1);
  expect(report.problems).toEqual(["1 accounts wait to be deleted, the oldest for 2 h"]);
  await database.query("delete from private.account_deletions");
});

test("a project that has used most of its budget is a problem; users who have are counted", async () => {
  await signUp();
  await signUp();
  await database.query(`
    update public.plans set monthly_budget = 5;
    update private.usage_policy set project_monthly_budget = 10;
    insert into public.monthly_costs (user_id, month, spent, reserved)
    select id, private.this_month(), 3.9, case row_number() over () when 1 then 0.1 else 0 end
    from (select id from public.profiles order by created_at desc limit 2) p;
    insert into public.monthly_costs (user_id, month, spent)
    select user_id, '2020-01-01', 100 from public.monthly_costs
  `);

  expect((await readReport()).report).toMatchObject({
    problems: [],
    costs: { total: 7.9, budget: 10, users_near_budget: 1 },
  });

  await database.query("update private.usage_policy set project_monthly_budget = 9.5");
  const { exitCode, stdout } = await checkHealth();
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/^ {2}users with 80 % of their budget used: 1$/m);
  expect(stdout).toMatch(
    /Wrong\n {2}the project has used \$7\.90 of \$9\.50, its budget for this month$/,
  );
  await database.query(`
    delete from public.monthly_costs;
    update public.plans set monthly_budget = null;
    update private.usage_policy set project_monthly_budget = null
  `);
});

test("a failed or unreadable schedule is a problem; a disabled one is not", async () => {
  await database.query(`
    insert into private.schedules (name, cron, sql_function, is_enabled, last_run_at, last_status)
    values
      ('test-failed', '0 0 1 1 *', 'tick', true, now(), '42883'),
      ('test-off', '0 0 1 1 *', 'tick', false, now(), '42883'),
      ('test-unreadable', 'every day', 'tick', true, null, null)
  `);

  const { exitCode, report } = await readReport();

  expect(exitCode).toBe(1);
  expect(report.problems).toEqual([
    "schedule test-failed ended with 42883",
    "schedule test-unreadable has a cron expression without a next time",
  ]);
});

test("the report for people has tables, and the problems at its end", async () => {
  await database.query(`
    insert into private.schedules (name, cron, sql_function, last_run_at, last_status)
    values ('test-failed', '0 0 1 1 *', 'tick', now(), '42883')
  `);

  const { exitCode, stdout } = await checkHealth();

  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/^Largest tables$/m);
  expect(stdout).toMatch(/^ {2}profiles +\d+ kB/m);
  expect(stdout).toMatch(/Wrong\n {2}schedule test-failed ended with 42883$/);
});

test("the rows that retention deleted are summed up for two days", async () => {
  await database.query(`
    insert into private.purge_counts (day, kind, deleted)
    select (now() at time zone 'UTC')::date - n, 'user_activity', 10 ^ n from generate_series(0, 2) n
    union all select (now() at time zone 'UTC')::date, 'rate_counters', 0
  `);

  const { report } = await readReport();

  expect(report.purges).toEqual({ user_activity: 11 });
  expect((await checkHealth()).stdout).toMatch(
    /^Deleted by retention since yesterday\n {2}kind +rows\n {2}user_activity +11$/m,
  );
  await database.query("delete from private.purge_counts");
});

test("a database that does not answer is a problem", async () => {
  const DATABASE_URL = "postgresql://postgres:hidden-word@127.0.0.1:1/postgres";

  const { exitCode, stdout, stderr } = await runScript("health.ts", ["--json"], { DATABASE_URL });

  expect(exitCode).toBe(1);
  expect(stdout).toBe("");
  expect(stderr).toContain("ECONNREFUSED");
  expect(stderr).not.toContain("hidden-word");
});

test("a missing policy for live events is a problem", async () => {
  await database.query("drop policy parley_messages_select_own on realtime.messages");
  const { exitCode, report } = await readReport();
  await database.query("select private.allow_live_events()");

  expect(exitCode).toBe(1);
  expect(report.problems).toEqual([
    expect.stringContaining("users cannot join the channels of live events"),
  ]);
  expect((await readReport()).report.problems).toEqual([]);
});
