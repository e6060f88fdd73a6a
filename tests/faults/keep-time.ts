import { setTimeout as delay } from "node:timers/promises";
import * as z from "zod";
import type { StruckStack } from "./struck-stack.ts";

/** After this silence a turn's function counts as dead. A living one reports progress every ten seconds. */
const SILENT_SECONDS = 12;
/** The functions that the clock calls over and over. */
const SCHEDULES = [
  "turn-recovery",
  "vector-store-cleanup",
  "lookouts/run",
  "stripe-webhook/events",
];
const PAUSE_MS = 300;
const SETTLE_MS = 30_000;

/** Makes turns without recent progress old enough for recovery; `$1`: all turns created before this moment. */
const AGE_TURNS = `
  update public.chat_turns set progressed_at = now() - interval '2 minutes'
  where status = 'active' and (progressed_at < now() - $2 * interval '1 second' or created_at < $1)`;
const AGE_FILES = `
  update public.chat_files set retry_at = now()
  where status in ('pending', 'indexing') and (updated_at < now() - $2 * interval '1 second' or updated_at < $1)`;
const AGE_STORES = `
  update public.vector_stores set lease_until = now()
  where status in ('recreating', 'failed') and (updated_at < now() - $2 * interval '1 second' or updated_at < $1)`;
const AGE_LOOKOUTS = `
  update public.lookouts set lease_until = now()
  where lease_until > now() and (updated_at < now() - $2 * interval '1 second' or updated_at < $1)`;
/** Ends pauses after failures, and leases of interrupted runs. */
const AGE_OUTBOX = "update private.remote_deletions set due_at = now() where due_at > now()";
const AGE_EVENTS = "update public.stripe_events set due_at = now() where due_at > now()";
const FORGET_EVENTS =
  "delete from public.stripe_events where status in ('processing', 'failed') and id <> all ($1)";
const LEFT = `
  select (select count(*) from public.chat_turns where status = 'active')
    + (select count(*) from public.chat_files where status in ('pending', 'indexing'))
    + (select count(*) from public.vector_stores where status = 'recreating')
    + (select count(*) from public.lookouts where next_run_at <= now())
    + (select count(*) from public.stripe_events where due_at is not null)
    + (select count(*) from private.remote_deletions) as left`;

/** Makes time pass faster: work that recovery and clean-up do after minutes happens within seconds. */
export class FastClock {
  readonly #stack: StruckStack;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  /** Processes that worked on something before this time have died. */
  #diedAt = new Date(0);

  constructor(stack: StruckStack) {
    this.#stack = stack;
    this.#running = this.#run();
  }

  /** Notes that all processes have just died, so their work may be taken over. */
  everybodyDied(): void {
    this.#diedAt = new Date();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Stops the clock and waits until recovery and clean-up have settled everything that is left. */
  async settle(): Promise<void> {
    await this.stop();
    for (const until = Date.now() + SETTLE_MS; Date.now() < until; await delay(PAUSE_MS)) {
      // The killed part may still be starting.
      if (await this.#isSettled().catch(() => false)) return;
    }
  }

  async #isSettled(): Promise<boolean> {
    await this.#tick();
    await this.#redeliver();
    const { rows: [row] } = await this.#stack.database.query<{ left: string }>(LEFT);
    return row?.left === "0" && (await this.#undelivered()).length === 0;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      // A part that the calls need may be down at the moment.
      await this.#tick().catch(() => {});
      await delay(PAUSE_MS, undefined, { signal }).catch(() => {});
    }
  }

  async #tick(): Promise<void> {
    const { database } = this.#stack;
    const client = await database.connect();
    try {
      await client.query("begin");
      // Otherwise the triggers that touch rows would make them young again.
      await client.query("set local session_replication_role = replica");
      for (const age of [AGE_TURNS, AGE_FILES, AGE_STORES, AGE_LOOKOUTS]) {
        await client.query(age, [this.#diedAt, SILENT_SECONDS]);
      }
      await client.query("commit");
      await client.query(AGE_OUTBOX);
      await client.query(AGE_EVENTS);
    } finally {
      // The connection may have broken in the middle, so it is not reused.
      client.release(true);
    }
    await Promise.all(SCHEDULES.map((path) => this.#stack.runSchedule(path)));
  }

  /**
   * Delivers failed events again, as Stripe does for three days. It forgets events that the killed emulator has lost.
   */
  async #redeliver(): Promise<void> {
    const { control, status, database } = this.#stack;
    for (const { id } of await this.#undelivered()) {
      await control(status.STRIPE_API_URL, "POST", `events/${id}/deliver`, {});
    }
    const known = (await this.#events()).map(({ id }) => id);
    await database.query(FORGET_EVENTS, [known]);
  }

  async #undelivered(): Promise<z.infer<typeof Events>> {
    const events = await this.#events();
    return events.filter(({ state }) => state === "failed" || state === "pending");
  }

  async #events(): Promise<z.infer<typeof Events>> {
    const { control, status } = this.#stack;
    return Events.parse(await control(status.STRIPE_API_URL, "GET", "events"));
  }
}

const Events = z.array(z.object({ id: z.string(), state: z.string() }));
