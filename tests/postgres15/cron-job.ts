import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { checkDispatch, DISPATCHED, type Dispatcher } from "../helpers/check-dispatch.ts";

const LONGEST_WAIT_MS = 130_000;
/** A schedule of an SQL function that asks for two more calls, and one of an edge function that is never due. */
const TICKS = "postgres15-ticks";
const CALL = "postgres15-call";

/** Stand-ins for the parts of Supabase that a schedule calls beside pg_cron: pg_net and Vault. */
const PLATFORM = `
  create extension pg_cron;
  grant usage on schema cron to postgres;
  create schema net;
  create table net.requests (
    id bigint generated always as identity, url text, body jsonb, headers jsonb, timeout_milliseconds integer
  );
  create table net._http_response (
    id bigint, status_code integer, timed_out boolean, error_msg text, created timestamptz not null default now()
  );
  create function net.http_post(url text, body jsonb default '{}', params jsonb default '{}',
    headers jsonb default '{}', timeout_milliseconds integer default 5000)
  returns bigint language sql as $$
    insert into net.requests (url, body, headers, timeout_milliseconds)
    values (url, body, headers, timeout_milliseconds) returning id
  $$;
  create schema vault;
  create table vault.secrets (id uuid default gen_random_uuid(), name text unique, secret text);
  create view vault.decrypted_secrets as select id, name, secret as decrypted_secret from vault.secrets;
  create function vault.create_secret(new_secret text, new_name text default null)
  returns uuid language sql as $$
    insert into vault.secrets (secret, name) values (new_secret, new_name) returning id
  $$;
  create function vault.update_secret(secret_id uuid, new_secret text default null)
  returns void language sql as $$
    update vault.secrets set secret = new_secret where id = secret_id
  $$;
  grant usage on schema net, vault to postgres;
  grant all on all tables in schema net, vault to postgres;
`;

/** Creates pg_cron and the stand-ins, before the migrations run. Needs the superuser. */
export async function createCronPlatform(admin: string): Promise<void> {
  await run(admin, PLATFORM);
}

/**
 * Checks that the migrations created the jobs, that changes of the list change them, and that other jobs stay. Runs as
 * `postgres`.
 */
export async function checkCronJobs(url: string): Promise<void> {
  await run(url, "select cron.schedule('somebody-elses', '0 0 1 1 *', 'select 1')");
  assert.deepEqual(await readJobs(url), {
    "finish-account-deletions": `* * * * * ${loop("finish-account-deletions")}`,
    "refresh-entitlements": `* * * * * ${loop("refresh-entitlements")}`,
    retention: `*/10 3 * * * ${loop("retention")}`,
    lookouts: "* * * * * select private.run_function_schedule('lookouts')",
    "turn-recovery": "* * * * * select private.run_function_schedule('turn-recovery')",
    "file-indexing": "* * * * * select private.run_function_schedule('file-indexing')",
    "remote-deletions": "* * * * * select private.run_function_schedule('remote-deletions')",
    "stripe-events": "* * * * * select private.run_function_schedule('stripe-events')",
    "vector-store-cleanup":
      "*/15 * * * * select private.run_function_schedule('vector-store-cleanup')",
  });

  const edit = async (change: string) => {
    await run(url, `update private.schedules set ${change} where name = 'retention'`);
    return (await readJobs(url)).retention?.slice(0, 9);
  };
  assert.equal(await edit("is_enabled = false"), undefined);
  assert.equal(await edit("is_enabled = true"), "*/10 3 * ");
  assert.equal(await edit("cron = '0 4 * * *'"), "0 4 * * *");
  assert.equal(await edit("cron = '*/10 3 * * *'"), "*/10 3 * ");
  await run(
    url,
    `insert into private.schedules (name, cron, function_path) values ('${CALL}', '0 0 1 1 *', 'chat')`,
  );
  assert.ok(CALL in await readJobs(url));
  await run(url, `delete from private.schedules where name = '${CALL}'`);
  assert.ok(!(CALL in await readJobs(url)));

  const [other] = await run(
    url,
    "select schedule from cron.job where jobname = 'somebody-elses'",
  );
  assert.equal(other?.schedule, "0 0 1 1 *");
  assert.deepEqual(await run(url, "select private.sync_cron_jobs() as changed"), [{ changed: 0 }]);
}

function loop(name: string): string {
  return `do $run$begin while private.run_sql_schedule('${name}') loop commit; end loop; end$run$`;
}

/** Checks the requests that edge functions get, and how schedules read their responses. Runs as `postgres`. */
export async function checkFunctionCall(url: string): Promise<void> {
  await run(
    url,
    `insert into private.schedules (name, cron, function_path, body)
     values ('${CALL}', '0 0 1 1 *', 'lookouts/run', '{"limit": 5}')`,
  );
  assert.equal(await callFunction(url), "not_configured");
  await run(
    url,
    `insert into vault.secrets (name, secret)
     values ('parley_functions_url', 'https://abc.supabase.co/functions/v1/'), ('parley_secret_key', 'sb_secret_abc')`,
  );
  await callFunction(url);
  const [request] = await readRequests(url);
  assert.deepEqual(request, {
    id: request?.id,
    url: "https://abc.supabase.co/functions/v1/lookouts/run",
    body: { limit: 5, call_id: request?.body.call_id },
    headers: { apikey: "sb_secret_abc", "content-type": "application/json" },
    timeout_milliseconds: 90_000,
  });

  await run(url, `insert into net._http_response (id, status_code) values (${request?.id}, 503)`);
  const [read] = await run(
    url,
    `select status from private.read_http_results() where name = '${CALL}'`,
  );
  assert.equal(read?.status, "503");
  assert.equal(await callFunction(url), "503");
  await run(
    url,
    `update private.schedule_calls set called_at = now() - interval '3 minutes' where schedule_name = '${CALL}'`,
  );
  assert.equal(await callFunction(url), "no_answer");
  await run(url, `delete from private.schedules where name = '${CALL}'; delete from net.requests`);
  await checkDispatch(dispatcherOf(url));
}

/** pg_cron's part, with a stand-in for pg_net that only notes its requests. */
function dispatcherOf(url: string): Dispatcher {
  return {
    query: (text) => run(url, text),
    tick: async () => void await run(url, `select private.run_function_schedule('${DISPATCHED}')`),
    calls: async () => (await readRequests(url)).map(({ body }) => body),
    async answer(callId, status) {
      const requests = await readRequests(url);
      const request = requests.find(({ body }) => body.call_id === callId);
      await run(
        url,
        `insert into net._http_response (id, status_code) values (${request?.id}, ${status})`,
      );
    },
  };
}

/** Returns the requests of the test's schedules. Other schedules have no `limit`. */
function readRequests(url: string): Promise<pg.QueryResultRow[]> {
  return run(
    url,
    "select id, url, body, headers, timeout_milliseconds from net.requests where body ? 'limit' order by id",
  );
}

async function callFunction(url: string): Promise<unknown> {
  await run(url, `select private.run_function_schedule('${CALL}')`);
  const [row] = await run(url, `select last_status from private.schedules where name = '${CALL}'`);
  return row?.last_status;
}

/** Adds a schedule to the list, whose trigger gives it to pg_cron. Returns a function that waits until it has run. */
export async function startCronJob(url: string): Promise<() => Promise<void>> {
  await run(
    url,
    `
    create table private.postgres15_ticks (
      id serial primary key, transaction_id xid8 not null default pg_current_xact_id()
    );
    create function private.postgres15_tick() returns boolean language sql set search_path = '' as
      'insert into private.postgres15_ticks default values returning id % 3 <> 0';
    insert into private.schedules (name, cron, sql_function) values ('${TICKS}', '* * * * *', 'postgres15_tick');
    -- Without a count, it calls its function although nothing is due here.
    update private.schedules set due_function = null where name = 'turn-recovery';
  `,
  );
  return async () => {
    await waitFor(
      url,
      `
      select s.last_status = 'ok' and (
        select count(distinct t.transaction_id) >= 3 from private.postgres15_ticks t
      ) as is_there
      from private.schedules s where s.name = '${TICKS}'
    `,
    );
    await waitFor(
      url,
      "select count(*) > 0 as is_there from net.requests where url like '%/functions/v1/turn-recovery'",
    );
  };
}

/** Checks that retention deletes pg_cron's old log rows of Parley's jobs, and only those that `postgres` may delete. */
export async function checkCronRuns(admin: string, url: string): Promise<void> {
  await run(url, "delete from private.schedules where name like 'postgres15-%'");
  await run(
    admin,
    `insert into cron.job_run_details (jobid, runid, database, username, command, status, end_time)
     select 0, -n, 'postgres', 'postgres', case n when 1 then 'select 1' else private.sql_schedule_command('x') end,
       'succeeded', now() - interval '1 day' * (9 - n)
     from generate_series(1, 3) n`,
  );
  const [purged] = await run(url, "select deleted from private.purge_cron_runs('-infinity', 10)");
  assert.equal(purged?.deleted, 1);
  const left = await run(
    url,
    "select runid::integer from cron.job_run_details where runid < 0 order by 1",
  );
  assert.deepEqual(left, [{ runid: -3 }, { runid: -1 }]);
}

/** Returns Parley's jobs by the names of their schedules. */
async function readJobs(url: string): Promise<Record<string, string>> {
  const jobs = await run(
    url,
    `select substr(jobname::text, 8) as name, schedule || ' ' || command as job
     from cron.job where jobname::text like 'parley:%' and username = 'postgres' order by 1`,
  );
  return Object.fromEntries(jobs.map(({ name, job }) => [name, job]));
}

async function waitFor(url: string, query: string): Promise<void> {
  const deadline = Date.now() + LONGEST_WAIT_MS;
  while (Date.now() < deadline) {
    const [row] = await run(url, query);
    if (row?.is_there) return;
    await delay(500);
  }
  const details = await run(url, "select * from cron.job_run_details");
  const schedules = await run(url, "select name, last_run_at, last_status from private.schedules");
  throw new Error(`never seen: ${query} ${JSON.stringify({ details, schedules })}`);
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
