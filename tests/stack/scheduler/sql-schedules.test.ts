import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { runDue } from "../../../local/scheduler/run-due.ts";
import { createUser, stack } from "../../helpers/stack.ts";

const HALF_PAST_THREE = new Date("2026-03-08T03:30:00Z");

const pool = new pg.Pool({ connectionString: stack.DB_URL, max: 5 });
beforeAll(() =>
  pool.query(`
    update private.schedules set is_enabled = false;
    update private.retention_policy set batch_rows = 10;
    create table private.ticks (id serial primary key, transaction_id xid8 not null default pg_current_xact_id());
    create function private.tick_thrice() returns boolean language sql set search_path = '' as
      'insert into private.ticks default values returning id % 3 <> 0';
    create function private.stumble_later() returns boolean language plpgsql set search_path = '' as $$
      begin
        if private.tick_thrice() then return true; end if;
        raise exception using errcode = 'ZZ001';
      end $$;
    create function private.answer_nothing() returns void language sql set search_path = '' as 'select';
    create function private.wait_for_gate() returns boolean language sql set search_path = '' as
      'select private.tick_thrice() from pg_advisory_xact_lock(42)';
  `)
);
afterEach(() =>
  pool.query(
    "delete from private.schedules where name like 'test-%'; truncate private.ticks restart identity",
  )
);
afterAll(async () => {
  await pool.query(`
    update private.schedules set is_enabled = true, last_run_at = null, last_status = null;
    update private.retention_policy set batch_rows = default;
    delete from private.purge_counts;
    drop function private.tick_thrice, private.stumble_later, private.answer_nothing, private.wait_for_gate;
    drop table private.ticks;
  `);
  await pool.end();
});

function runSchedules(): Promise<void> {
  const ports = {
    database: pool,
    functionsUrl: "",
    secretKey: "",
    log: () => {},
    underWay: new Set<string>(),
  };
  return runDue(ports, HALF_PAST_THREE);
}

async function schedule(sqlFunction: string): Promise<void> {
  await pool.query(
    "insert into private.schedules (name, cron, sql_function) values ('test-it', '* * * * *', $1)",
    [sqlFunction],
  );
}

async function lastStatus(name = "test-it"): Promise<string | null> {
  const { rows: [row] } = await pool.query(
    "select last_status from private.schedules where name = $1",
    [name],
  );
  return row.last_status;
}

async function countTicks(): Promise<{ ticks: number; transactions: number }> {
  const { rows: [row] } = await pool.query(
    "select count(*)::integer as ticks, count(distinct transaction_id)::integer as transactions from private.ticks",
  );
  return row;
}

test("a function that has more to do is called again, each time in its own transaction", async () => {
  await schedule("tick_thrice");

  await runSchedules();

  expect(await countTicks()).toEqual({ ticks: 3, transactions: 3 });
  expect(await lastStatus()).toBe("ok");
});

test("an error keeps the work of earlier calls and is recorded", async () => {
  await schedule("stumble_later");

  await runSchedules();

  expect(await countTicks()).toMatchObject({ ticks: 2 });
  expect(await lastStatus()).toBe("ZZ001");
});

test("a function that does not say whether there is more to do is refused", async () => {
  await schedule("answer_nothing");

  await runSchedules();

  expect(await lastStatus()).toBe("22004");
});

test("while a run is in progress, another does nothing", async () => {
  await schedule("wait_for_gate");
  const gate = await pool.connect();
  await gate.query("select pg_advisory_lock(42)");
  const first = runSchedules();
  await expect.poll(async () => {
    const { rows } = await pool.query(
      "select from pg_locks where locktype = 'advisory' and not granted",
    );
    return rows.length;
  }).toBe(1);

  await runSchedules();
  expect(await countTicks()).toMatchObject({ ticks: 0 });

  await gate.query("select pg_advisory_unlock(42)");
  gate.release();
  await first;
  expect(await countTicks()).toEqual({ ticks: 3, transactions: 3 });
});

test("retention runs batch by batch to its end, and leaves locked rows for the next day", async () => {
  await createUser();
  await pool.query(`
    insert into public.user_activity (user_id, action, created_at)
    select p.id, 'retained-' || n, now() - interval '400 days' + n * interval '1 minute'
    from (select id from public.profiles order by created_at desc limit 1) p, generate_series(1, 95) n;
    update private.schedules set is_enabled = true where name = 'retention';
  `);
  const holder = await pool.connect();
  await holder.query("begin");
  await holder.query("select from public.user_activity where action = 'retained-3' for update");

  await runSchedules();

  expect(await lastStatus("retention")).toBe("ok");
  expect(await listOldActivity()).toEqual([{ action: "retained-3" }]);
  const { rows } = await pool.query(
    "select deleted::integer from private.purge_counts where kind = 'user_activity'",
  );
  expect(rows).toEqual([{ deleted: 94 }]);
  await holder.query("rollback");
  holder.release();

  // On the next day the run starts from the beginning.
  await pool.query("update private.purge_counts set day = day - 1");
  await runSchedules();
  expect(await listOldActivity()).toEqual([]);
});

async function listOldActivity(): Promise<unknown[]> {
  return (await pool.query(
    "select action from public.user_activity where action like 'retained-%'",
  )).rows;
}
