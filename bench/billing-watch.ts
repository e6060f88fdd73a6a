import { once } from "node:events";
import type pg from "pg";

/** Longer than anything here takes without a notification, in milliseconds. */
const GIVE_UP_MS = 120_000;

/** Makes the database notify this client whenever a profile gets a plan. Returns a wait for the plans of `count`. */
export async function watchPlans(
  database: pg.Client,
  plan: string,
): Promise<(count: number) => Promise<number[]>> {
  await notifyAfter(database, "update of subscription_plan on public.profiles", "bench_plans");
  /** The milliseconds at which each plan was visible. */
  const times: number[] = [];
  const statement =
    "select count(*)::integer as count from public.profiles where subscription_plan = $1";
  return async (count) => {
    await until(database, async () => {
      const { rows: [row] } = await database.query<{ count: number }>(statement, [plan]);
      const seenAt = performance.now();
      while (times.length < (row?.count ?? 0)) times.push(seenAt);
      return times.length >= count;
    });
    return times;
  };
}

/** Makes the database notify this client when events are applied. Returns a wait until no event waits. */
export async function watchEvents(database: pg.Client): Promise<() => Promise<void>> {
  await notifyAfter(database, "update of due_at on public.stripe_events", "bench_events");
  return () =>
    until(database, async () => {
      const { rows: [row] } = await database.query<{ is_done: boolean }>(
        "select not exists (select from public.stripe_events where due_at is not null) as is_done",
      );
      return row?.is_done ?? false;
    });
}

/** Listens to statements of one kind. They notify when their transaction is visible. */
async function notifyAfter(database: pg.Client, statement: string, channel: string): Promise<void> {
  await database.query(`
    create function private.${channel}() returns trigger language plpgsql as
      $$ begin perform pg_notify('${channel}', ''); return null; end $$;
    grant execute on function private.${channel}() to service_role;
    create trigger ${channel} after ${statement} for each statement execute function private.${channel}();
    listen ${channel}`);
}

/** Checks once, and again after each notification, until the check returns true. */
async function until(
  database: pg.Client,
  check: () => Promise<boolean>,
): Promise<void> {
  for (;;) {
    // Before the check, so that no notification is missed during it.
    const notified = once(database, "notification", { signal: AbortSignal.timeout(GIVE_UP_MS) });
    notified.catch(() => {});
    if (await check()) return;
    await notified;
  }
}
