import assert from "node:assert/strict";
import type pg from "pg";

/** One of the two parts that make the calls of schedules: pg_cron with pg_net, or the local scheduler. */
export interface Dispatcher {
  /** Runs SQL as `postgres`. */
  query(text: string): Promise<pg.QueryResultRow[]>;
  /** Runs the schedule once, as its cron expression does. */
  tick(): Promise<void>;
  /** Waits until this many calls have been made since the start, and returns their bodies. */
  calls(count: number): Promise<CallBody[]>;
  /** Answers a call with an HTTP status. */
  answer(callId: number, status: number): Promise<void>;
}

export interface CallBody {
  limit: number;
  call_id: number;
}

/** The schedule that `checkDispatch` creates. */
export const DISPATCHED = "test-dispatch";

/** Checks that a dispatcher makes as many calls as the due work needs, and the next ones at once. */
export async function checkDispatch(dispatcher: Dispatcher): Promise<void> {
  const { query, tick, calls, answer } = dispatcher;
  await query(`
    create table private.test_work (due integer);
    insert into private.test_work values (35);
    create function private.count_test_work(max_count integer) returns integer language sql as
      'select least(max_count, due) from private.test_work';
    insert into private.schedules (name, cron, function_path, body, due_function, per_call, max_parallel)
    values ('${DISPATCHED}', '0 0 1 1 *', 'lookouts/run', '{"limit": 5}', 'count_test_work', 10, 2);
  `);
  const setDue = (due: number) => query(`update private.test_work set due = ${due}`);
  try {
    await tick();
    const [first, second] = await calls(2);
    assert.deepEqual(first, { limit: 5, call_id: first?.call_id });
    await tick();
    assert.equal((await calls(2)).length, 2, "no more calls than max_parallel are open");

    await setDue(25);
    await query(`select public.finish_call(${first?.call_id}, true)`);
    await answer(first?.call_id ?? 0, 200);
    const [, , third] = await calls(3);

    await answer(second?.call_id ?? 0, 503);
    assert.equal((await calls(3)).length, 3, "a failed call is not repeated at once");
    await tick();
    const [, , , fourth] = await calls(4);
    assert.equal(await readFailure(query), "503");

    await setDue(0);
    for (const call of [third, fourth]) {
      await query(`select public.finish_call(${call?.call_id}, true)`);
      await answer(call?.call_id ?? 0, 200);
    }
    await tick();
    assert.equal((await calls(4)).length, 4, "without due work there is no call");
  } finally {
    await query(`
      delete from private.schedules where name = '${DISPATCHED}';
      drop function private.count_test_work;
      drop table private.test_work;
    `);
  }
}

async function readFailure(query: Dispatcher["query"]): Promise<unknown> {
  const [row] = await query(
    `select last_failure from private.schedules where name = '${DISPATCHED}'`,
  );
  return row?.last_failure;
}
