import type pg from "pg";
import * as z from "zod";
import type { StackStatus } from "../local/stack/status.ts";
import { control, inParallel } from "./control-stripe.ts";
import { type Measure, measure, milliseconds, quantile } from "./report.ts";
import { createBenchUser } from "./stack.ts";

const PURCHASES = 50;
const SIGN_UPS_AT_ONCE = 5;
/** The deliveries that Stripe makes at the same time. */
const DELIVERIES_AT_ONCE = 50;
const POLL_MS = 25;
/** Stripe's limit in live mode. */
const REQUESTS_PER_SECOND = 100;

const Redirect = z.object({ url: z.url() });
const Records = z.array(z.object({ id: z.string() }));
const Counts = z.object({ total: z.number(), limited: z.number() });

/**
 * Completes many checkouts at once, at Stripe's limit of requests in live mode. Measures the time until each plan is
 * visible, and the requests to Stripe.
 */
export async function measurePurchases(
  status: StackStatus,
  database: pg.Client,
): Promise<Measure[]> {
  const checkouts: string[] = [];
  await inParallel(PURCHASES, SIGN_UPS_AT_ONCE, async () => {
    checkouts.push(await openCheckout(status));
  });
  const earlier = new Set(await listEvents(status));
  await control(status, "PUT", "behaviour", { rate_limit: REQUESTS_PER_SECOND });

  const since = new Date().toISOString();
  const startedAt = performance.now();
  const times = watchPlans(database, startedAt);
  await Promise.all(
    checkouts.map((id) => control(status, "POST", `checkout_sessions/${id}/complete`, {})),
  );
  const events = (await listEvents(status)).filter((id) => !earlier.has(id));
  // As Stripe does. The emulator by itself delivers one after the other.
  await inParallel(events.length, DELIVERIES_AT_ONCE, async (index) => {
    await control(status, "POST", `events/${events[index]}/deliver`, {});
  });
  const visible = await times;
  const { total, limited } = Counts.parse(
    await control(status, "GET", `requests/counts?since=${since}`),
  );
  await control(status, "DELETE", "behaviour");
  const name = `${PURCHASES} purchases at once`;
  return [
    measure(`${name}: plan visible, p50`, quantile(visible, 0.5), { format: milliseconds }),
    measure(`${name}: plan visible, p95`, quantile(visible, 0.95), {
      format: milliseconds,
      target: { most: 2_000 },
    }),
    measure(`${name}: requests to Stripe for each`, total / PURCHASES, {
      format: (value) => value.toFixed(1),
      target: { most: 5 },
    }),
    measure(`${name}: requests that Stripe refused`, limited),
  ];
}

async function openCheckout(status: StackStatus): Promise<string> {
  const { accessToken } = await createBenchUser(status);
  const response = await fetch(`${status.FUNCTIONS_URL}/billing/checkout`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${accessToken}` },
    body: JSON.stringify({
      price_id: "price_parley_pro_monthly",
      success_url: "http://localhost:3000/done",
      cancel_url: "http://localhost:3000/plans",
    }),
  });
  if (!response.ok) throw new Error(await response.text());
  return new URL(Redirect.parse(await response.json()).url).pathname.split("/").at(-1) ?? "";
}

async function listEvents(status: StackStatus): Promise<string[]> {
  return Records.parse(await control(status, "GET", "events")).map(({ id }) => id);
}

/** Returns the milliseconds since the start after which each plan was visible, when all are. */
async function watchPlans(database: pg.Client, startedAt: number): Promise<number[]> {
  const times: number[] = [];
  while (times.length < PURCHASES) {
    const { rows: [row] } = await database.query<{ count: number }>(
      "select count(*)::integer as count from public.profiles where subscription_plan = 'pro'",
    );
    const elapsed = performance.now() - startedAt;
    while (times.length < (row?.count ?? 0)) times.push(elapsed);
    if (times.length < PURCHASES) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return times;
}
