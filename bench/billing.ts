import { createHmac } from "node:crypto";
import { createClient } from "@supabase/supabase-js";
import { z } from "zod";
import { createStripe } from "../functions/_shared/stripe/client.ts";
import { syncAll } from "../scripts/stripe/sync-ports.ts";
import type { StackStatus } from "../local/stack/status.ts";
import type { Database } from "../types/database.ts";
import { compare, type Measure, measure, milliseconds, quantile } from "./report.ts";
import { startBenchStack, temporaryState } from "./stack.ts";
import { startEngine } from "./stripe-sync-engine.ts";

const EVENTS = 200;
const AT_ONCE = 50;
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

/** Measures events from the signature to the commit, one at a time and many at once, and a sync of many customers. */
export async function measureBilling(): Promise<Measure[]> {
  await using parts = new AsyncDisposableStack();
  const state = parts.use(await temporaryState());
  const { status } = parts.use(await startBenchStack(state.directory));
  await control(status, "PUT", "delivery", { mode: "hold" });
  const events = await createSubscriptionEvents(status);

  const webhook = (event: Event) => post(status, event);
  await takeAll(webhook, events.slice(0, 20), 1);
  const alone = await takeAll(webhook, events.slice(0, EVENTS / 2), 1);
  const together = await takeAll(webhook, events, AT_ONCE);
  const engine = parts.use(await startEngine(status));
  const inProcess = async (event: Event) => {
    const { payload, signature } = sign(status, event);
    await engine.process(payload, signature);
  };
  await takeAll(inProcess, events.slice(0, 20), 1);
  const engineAlone = await takeAll(inProcess, events.slice(0, EVENTS / 2), 1);
  const engineTogether = await takeAll(inProcess, events, AT_ONCE);
  return [
    ...describe("webhook, one after the other", alone),
    ...describe(`webhook, ${AT_ONCE} at once`, together),
    ...describe("stripe-sync-engine in process, one after the other", engineAlone),
    ...describe(`stripe-sync-engine in process, ${AT_ONCE} at once`, engineTogether),
    compare("events per second, webhook : engine, alone", alone.rate, engineAlone.rate, {
      format: whole,
    }),
    compare(
      `events per second, webhook : engine, ${AT_ONCE} at once`,
      together.rate,
      engineTogether.rate,
      { format: whole },
    ),
    await measureSync(status),
  ];
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
  take: (event: Event) => Promise<void>,
  events: Event[],
  atOnce: number,
): Promise<Taken> {
  const times: number[] = [];
  const startedAt = performance.now();
  await inParallel(events.length, atOnce, async (index) => {
    const sentAt = performance.now();
    await take({ ...events[index], id: `evt_${crypto.randomUUID()}` });
    times.push(performance.now() - sentAt);
  });
  return { times, rate: events.length / ((performance.now() - startedAt) / 1000) };
}

function sign({ STRIPE_WEBHOOK_SECRET = "" }: StackStatus, event: Event) {
  const payload = JSON.stringify(event);
  const timestamp = Math.floor(Date.now() / 1000);
  const hmac = createHmac("sha256", STRIPE_WEBHOOK_SECRET).update(`${timestamp}.${payload}`);
  return { payload, signature: `t=${timestamp},v1=${hmac.digest("hex")}` };
}

async function post(status: StackStatus, event: Event): Promise<void> {
  const { payload, signature } = sign(status, event);
  const response = await fetch(`${status.FUNCTIONS_URL}/stripe-webhook`, {
    method: "POST",
    headers: { "stripe-signature": signature },
    body: payload,
  });
  if (!response.ok) throw new Error(await response.text());
}

function describe(name: string, { times, rate }: Taken): Measure[] {
  return [
    measure(`${name}: events/s`, rate, { format: whole }),
    measure(`${name}: p95`, quantile(times, 0.95), { format: milliseconds }),
  ];
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

async function inParallel(
  count: number,
  atOnce: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function control(status: StackStatus, method: string, path: string, body?: unknown) {
  const response = await fetch(new URL(`/_emulator/${path}`, status.STRIPE_API_URL), {
    method,
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await response.text());
  const answer: unknown = await response.json();
  return answer;
}
