import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";

const NAME = "postgres15-leg";
const LONGEST_WAIT_MS = 130_000;

/** Stand-ins for what Supabase offers beside pg_cron, as far as a schedule calls it: pg_net and Vault. */
const PLATFORM = `
  create extension pg_cron;
  grant usage on schema cron to postgres;
  create schema net;
  create table net.requests (id bigint generated always as identity, url text, body jsonb, params jsonb, headers jsonb);
  create function net.http_post(url text, body jsonb default '{}', params jsonb default '{}',
    headers jsonb default '{}', timeout_milliseconds integer default 5000)
  returns bigint language sql as $$
    insert into net.requests (url, body, params, headers) values (url, body, params, headers) returning id
  $$;
  create schema vault;
  create table vault.secrets (id uuid default gen_random_uuid(), name text unique, secret text);
  create view vault.decrypted_secrets as select id, name, secret as decrypted_secret from vault.secrets;
  grant usage on schema net, vault to postgres;
  grant all on all tables in schema net, vault to postgres;
`;

/** Makes pg_cron and the stand-ins, before the migrations come upon them. As the superuser. */
export async function createCronPlatform(admin: string): Promise<void> {
  await run(admin, PLATFORM);
}

/** Gives a schedule of ours to pg_cron, as role `postgres`; returns how to wait for its run. */
export async function startCronJob(url: string): Promise<() => Promise<void>> {
  await run(
    url,
    `
    create table private.postgres15_ticks (at timestamptz not null default now());
    create function private.postgres15_tick() returns void language sql set search_path = '' as
      'insert into private.postgres15_ticks default values';
    insert into private.schedules (name, cron, sql_function) values ('${NAME}', '* * * * *', 'postgres15_tick');
    select cron.schedule(
      '${NAME}',
      -- Intervals in seconds came with pg_cron 1.5.
      (select case when extversion >= '1.5' then '1 seconds' else '* * * * *' end
       from pg_extension where extname = 'pg_cron'),
      $$select private.run_sql_schedule('${NAME}')$$
    );
  `,
  );
  return () => waitForRun(url);
}

async function waitForRun(url: string): Promise<void> {
  const deadline = Date.now() + LONGEST_WAIT_MS;
  let seen = "";
  while (Date.now() < deadline) {
    const [row] = await run(
      url,
      `
      select s.last_status, (select count(*)::integer from private.postgres15_ticks) as ticks,
        (select array_agg(d.status || ' ' || coalesce(d.return_message, '')) from cron.job_run_details d) as runs
      from private.schedules s
      where s.name = '${NAME}' and s.last_run_at is not null
    `,
    );
    seen = JSON.stringify(row);
    if (row?.last_status === "ok" && row.ticks > 0) return;
    await delay(500);
  }
  const details = await run(url, "select * from cron.job_run_details");
  throw new Error(`pg_cron has not run the schedule: ${seen} ${JSON.stringify(details)}`);
}

async function run(url: string, text: string): Promise<pg.QueryResultRow[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(text)).rows ?? [];
  } finally {
    await client.end();
  }
}
