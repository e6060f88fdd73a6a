import fc from "fast-check";
import Stripe from "stripe";
import { afterEach, expect, test } from "vitest";
import { syncAll } from "../../../scripts/stripe/sync-ports.ts";
import { admin, createPayer, type Payer } from "../../helpers/billing.ts";
import { stateAtStripe, stateInDatabase } from "../../helpers/billing-states.ts";
import { draw, drawn } from "../../helpers/matrix.ts";
import { asPostgres } from "../../helpers/stack.ts";
import {
  advance,
  behave,
  deliver,
  eventsAbout,
  holdEvents,
  letEventsWait,
  releaseEvents,
  runEventWorker,
  stripe,
} from "../../helpers/stripe.ts";

afterEach(releaseEvents);

const PRO = "price_parley_pro_monthly";
const ENTERPRISE = "price_parley_enterprise_monthly";

type Act = (payer: Payer, subscription: Stripe.Subscription) => Promise<unknown>;

/** What can happen to a subscription. Stripe refuses an act that does not fit the subscription's state. */
const acts = {
  upgrade: (_, subscription) => setPrice(subscription, ENTERPRISE),
  downgrade: (_, subscription) => setPrice(subscription, PRO),
  cancelAtPeriodEnd: (_, { id }) => stripe.subscriptions.update(id, { cancel_at_period_end: true }),
  resume: (_, { id }) => stripe.subscriptions.update(id, { cancel_at_period_end: false }),
  renew: (_, { id }) => advance(id, "succeeded"),
  paymentFails: (_, { id }) => advance(id, "failed"),
  paymentNeedsAction: (_, { id }) => advance(id, "requires_action"),
  recover: (_, { latest_invoice }) =>
    stripe.invoices.pay(typeof latest_invoice === "string" ? latest_invoice : ""),
  refund: async ({ customerId }) => {
    const { data: [intent] } = await stripe.paymentIntents.list({ customer: customerId, limit: 1 });
    return await stripe.refunds.create({ payment_intent: intent?.id, amount: 500 });
  },
  delete: (_, { id }) => stripe.subscriptions.cancel(id),
  deleteCustomer: ({ customerId }) => stripe.customers.del(customerId),
} as const satisfies Record<string, Act>;

const begin = {
  create: ({ customerId }: Payer) =>
    stripe.subscriptions.create({ customer: customerId, items: [{ price: PRO }] }),
  trial: ({ customerId }: Payer) =>
    stripe.subscriptions.create({
      customer: customerId,
      items: [{ price: ENTERPRISE }],
      trial_period_days: 7,
    }),
} as const;

function setPrice({ id, items }: Stripe.Subscription, price: string) {
  return stripe.subscriptions.update(id, { items: [{ id: items.data[0]?.id, price }] });
}

const isBeginning = (name: string): name is keyof typeof begin => name in begin;
const isAct = (name: string): name is keyof typeof acts => name in acts;

async function perform(payer: Payer, name: string): Promise<void> {
  try {
    if (isBeginning(name)) return void await begin[name](payer);
    const { data: [latest] } = await stripe.subscriptions.list({
      customer: payer.customerId,
      status: "all",
      limit: 1,
    });
    if (latest && isAct(name)) await acts[name](payer, latest);
  } catch (error) {
    const isRefused = error instanceof Stripe.errors.StripeError || error instanceof Error &&
        error.message.includes("invalid_request_error");
    if (!isRefused) throw error;
  }
}

const step = fc.record({
  act: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...Object.keys(begin)) },
    { weight: 9, arbitrary: fc.constantFrom(...Object.keys(acts)) },
  ),
  /** Events that arrive after the act, drawn from all events so far, so late and repeated ones occur. */
  arrivals: fc.array(fc.nat(), { maxLength: 3 }),
});
const history = fc.array(step, { minLength: 1, maxLength: 7 });

async function liveThrough(payer: Payer, steps: { act: string; arrivals: number[] }[]) {
  await holdEvents();
  await perform(payer, "create");
  for (const { act, arrivals } of steps) {
    await perform(payer, act);
    const events = await eventsAbout(payer.customerId);
    const arriving = arrivals.map((index) => events[index % events.length]?.id ?? "");
    await Promise.all(arriving.map((id) => deliver(id)));
  }
}

/** How events are applied: before the webhook answers, or by its worker while Stripe limits requests. */
const ways = ["at once", "by the worker, with 25 requests a second"] as const;
type Way = typeof ways[number];

async function choose(way: Way): Promise<void> {
  if (way === "at once") return;
  await letEventsWait();
  await behave({ rate_limit: 25 });
}

/** Lets the worker apply all events that wait, and those that failed. */
async function drain(): Promise<void> {
  await expect.poll(async () => {
    await runEventWorker();
    return await asPostgres(
      "select id, status, error from stripe_events where due_at is not null",
    );
  }, { timeout: 60_000 }).toEqual([]);
}

async function expectEqual({ customerId, profileId }: Payer): Promise<void> {
  expect(await stateInDatabase(customerId, profileId)).toEqual(await stateAtStripe(customerId));
}

test.for(ways)(
  "after any history, with events %s that are lost, repeated and late, a sync makes both equal",
  {
    ...drawn,
    timeout: 600_000,
  },
  async (way) => {
    const since = Math.floor(Date.now() / 1000);
    await fc.assert(
      fc.asyncProperty(history, async (steps) => {
        await choose(way);
        const payer = await createPayer();
        await liveThrough(payer, steps);
        await syncAll(stripe, admin, since);
        await drain();
        await expectEqual(payer);
      }),
      draw(`histories, synced, ${way}`, { one: 1, sample: 5, full: 20 }),
    );
  },
);

test.for(ways)("once all events have arrived, in any order, %s, both are equal without a sync", {
  ...drawn,
  timeout: 600_000,
}, async (way) => {
  const orders = fc.infiniteStream(fc.nat());
  await fc.assert(
    fc.asyncProperty(history, orders, async (steps, order) => {
      await choose(way);
      const payer = await createPayer();
      await liveThrough(payer, steps);
      let left = await eventsAbout(payer.customerId);
      // Failed events are delivered again, as Stripe does.
      for (let round = 0; left.length > 0 && round < 3; round++) {
        const shuffled = left.map((event) => ({ event, place: order.next().value ?? 0 }))
          .sort((a, b) => a.place - b.place);
        for (const { event } of shuffled) await deliver(event.id);
        left = (await eventsAbout(payer.customerId)).filter(({ state }) => state !== "delivered");
      }
      expect(left).toEqual([]);
      await drain();
      await expectEqual(payer);
    }),
    draw(`histories, delivered, ${way}`, { one: 1, sample: 4, full: 15 }),
  );
});
