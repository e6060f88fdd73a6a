import type pg from "pg";
import * as z from "zod";
import type { StackStatus } from "../local/stack/status.ts";
import { control, inParallel, postEvent } from "./control-stripe.ts";
import { watchPlans } from "./billing-watch.ts";
import { type Measure, measure, milliseconds, quantile } from "./report.ts";
import { createBenchUser } from "./stack.ts";

const PURCHASES = 50;
const SIGN_UPS_AT_ONCE = 5;
/** The deliveries that Stripe makes at the same time. */
const DELIVERIES_AT_ONCE = 50;
/** Stripe's limit in live mode. */
const REQUESTS_PER_SECOND = 100;

const Redirect = z.object({ url: z.url() });
const Records = z.array(z.object({ event: z.looseObject({ id: z.string() }) }));
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
  const earlier = new Set((await listEvents(status)).map(({ id }) => id));
  const whenVisible = await watchPlans(database, "pro");
  await control(status, "PUT", "behaviour", { rate_limit: REQUESTS_PER_SECOND });

  const since = new Date().toISOString();
  const startedAt = performance.now();
  const times = whenVisible(PURCHASES);
  await Promise.all(
    checkouts.map((id) => control(status, "POST", `checkout_sessions/${id}/complete`, {})),
  );
  const events = (await listEvents(status)).filter(({ id }) => !earlier.has(id));
  // As Stripe does. The emulator by itself delivers one after the other.
  await inParallel(events.length, DELIVERIES_AT_ONCE, async (index) => {
    await postEvent(status, "stripe-webhook", events[index] ?? {});
  });
  const visible = (await times).map((seenAt) => seenAt - startedAt);
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

async function listEvents(
  status: StackStatus,
): Promise<z.infer<typeof Records>[number]["event"][]> {
  return Records.parse(await control(status, "GET", "events")).map(({ event }) => event);
}
