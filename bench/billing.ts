import { createClient } from "@supabase/supabase-js";
import pg from "pg";
import * as z from "zod";
import { createStripe } from "../functions/_shared/stripe/client.ts";
import { syncAll } from "../scripts/stripe/sync-ports.ts";
import type { StackStatus } from "../local/stack/status.ts";
import type { Database } from "../types/database.ts";
import { control, inParallel, postEvent } from "./control-stripe.ts";
import { measurePurchases } from "./purchases.ts";
import { compare, type Measure, measure, milliseconds, quantile } from "./report.ts";
import { watchEvents } from "./billing-watch.ts";
import { startStackWithEngine } from "./stripe-sync-engine.ts";

const EVENTS = 400;
const AT_ONCE = 50;
const ROUNDS = 3;
const CUSTOMERS = 10_000;
const COMMANDS_AT_ONCE = 20;

const Created = z.looseObject({ id: z.string() });
const Records = z.array(z.object({ type: z.string(), event: z.looseObject({ id: z.string() }) }));
/** The duration of each event in milliseconds, and the events per second. */
interface Taken {
  times: number[];
  rate: number;
}
type Event = z.infer<typeof Records>[number]["event"];
type Side = "stripe-webhook" | "engine";

/**
 * Measures events that are accepted and durable, against the engine in a function behind the same gateway; the time
 * until they are applied; purchases at once; and a sync of many customers.
 */
export async function measureBilling(): Promise<Measure[]> {
  await using parts = new AsyncDisposableStack();
  const { status } = await startStackWithEngine(parts);
  const database = new pg.Client(status.DB_URL);
  await database.connect();
  parts.defer(() => database.end());
  await control(status, "PUT", "delivery", { mode: "hold" });
  const events = await createSubscriptionEvents(status);
  await letEventsWait(database);
  const drained = await watchEvents(database);

  for (const side of ["stripe-webhook", "engine"] as const) {
    await takeAll(status, side, events.slice(0, 20), 1);
  }
  await drained();
  const alone: Record<Side, Taken[]> = { "stripe-webhook": [], engine: [] };
  const together: Record<Side, Taken[]> = { "stripe-webhook": [], engine: [] };
  const applied: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    for (const side of ["stripe-webhook", "engine"] as const) {
      alone[side].push(await takeAll(status, side, events.slice(0, EVENTS / 4), 1));
      await drained();
      const startedAt = performance.now();
      together[side].push(await takeAll(status, side, events, AT_ONCE));
      await drained();
      const seconds = (performance.now() - startedAt) / 1000;
      if (side === "stripe-webhook") applied.push(EVENTS / seconds);
    }
  }
  return [
    ...describe("webhook, one after the other", alone["stripe-webhook"]),
    ...describe(`webhook, ${AT_ONCE} at once`, together["stripe-webhook"]),
    ...describe("stripe-sync-engine in a function, one after the other", alone.engine),
    ...describe(`stripe-sync-engine in a function, ${AT_ONCE} at once`, together.engine),
    compareRates("events accepted a second, webhook : engine, alone", alone),
    compareRates(`events accepted a second, webhook : engine, ${AT_ONCE} at once`, together),
    measure("events applied a second", quantile(applied, 0.5), { format: whole }),
    ...await measurePurchases(status, database),
    await measureSync(status),
  ];
}

/** Makes the webhook leave events to its worker, as on Supabase. */
async function letEventsWait(database: pg.Client): Promise<void> {
  await database.query(
    `update private.schedules set last_run_at = now() + interval '1 hour', last_status = 'ok'
     where name = 'stripe-events'`,
  );
}

async function createSubscriptionEvents(status: StackStatus): Promise<Event[]> {
  await inParallel(EVENTS, COMMANDS_AT_ONCE, async () => {
    const customer = Created.parse(
      await control(status, "POST", "objects", { object: "customer" }),
    );
    await control(status, "POST", "objects", {
      object: "subscription",
      customer: customer.id,
      items: [{ price: "price_parley_pro_monthly" }],
    });
  });
  const records = Records.parse(await control(status, "GET", "events"));
  return records.filter(({ type }) => type === "customer.subscription.created")
    .map(({ event }) => event);
}

/** Sends events that are all new, because a repeated one would cost less. */
async function takeAll(
  status: StackStatus,
  side: Side,
  events: Event[],
  atOnce: number,
): Promise<Taken> {
  const times: number[] = [];
  const startedAt = performance.now();
  await inParallel(events.length, atOnce, async (index) => {
    const sentAt = performance.now();
    await postEvent(status, side, { ...events[index], id: `evt_${crypto.randomUUID()}` });
    times.push(performance.now() - sentAt);
  });
  return { times, rate: events.length / ((performance.now() - startedAt) / 1000) };
}

function describe(name: string, rounds: Taken[]): Measure[] {
  const rate = quantile(rounds.map((round) => round.rate), 0.5);
  const times = rounds.flatMap((round) => round.times);
  return [
    measure(`${name}: events/s`, rate, { format: whole }),
    measure(`${name}: p95`, quantile(times, 0.95), { format: milliseconds }),
  ];
}

function compareRates(name: string, sides: Record<Side, Taken[]>): Measure {
  const median = (rounds: Taken[]) => quantile(rounds.map(({ rate }) => rate), 0.5);
  return compare(name, median(sides["stripe-webhook"]), median(sides.engine), {
    format: whole,
    target: { least: 1 },
  });
}

async function measureSync(status: StackStatus): Promise<Measure> {
  await inParallel(CUSTOMERS - EVENTS, COMMANDS_AT_ONCE, async () => {
    await control(status, "POST", "objects", { object: "customer", events: [] });
  });
  const stripe = createStripe({
    STRIPE_SECRET_KEY: "sk_test_bench",
    STRIPE_API_URL: status.STRIPE_API_URL ?? "",
  });
  const admin = createClient<Database>(status.API_URL, status.SECRET_KEY);
  const startedAt = performance.now();
  await syncAll(stripe, admin);
  const seconds = (performance.now() - startedAt) / 1000;
  return measure(`sync of ${CUSTOMERS} customers: customers/s`, CUSTOMERS / seconds, {
    format: whole,
  });
}

function whole(value: number): string {
  return value.toFixed(0);
}
