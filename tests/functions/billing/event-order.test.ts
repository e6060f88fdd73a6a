import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { createPayer, readProfile } from "../../helpers/billing.ts";
import { draw, drawFrom, drawn } from "../../helpers/matrix.ts";
import { must } from "../../helpers/stack.ts";
import { deliver, eventsAbout, holdEvents, releaseEvents, stripe } from "../../helpers/stripe.ts";

afterEach(releaseEvents);

/** Creates, changes and cancels a subscription, and returns its events, all undelivered. */
async function liveThroughSubscription() {
  const payer = await createPayer();
  await holdEvents();
  const { id } = await stripe.subscriptions.create({
    customer: payer.customerId,
    items: [{ price: "price_parley_pro_monthly" }],
  });
  await stripe.subscriptions.update(id, { metadata: { note: "changed" } });
  await stripe.subscriptions.cancel(id);
  const events = (await eventsAbout(id)).filter(({ type }) =>
    type.startsWith("customer.subscription.")
  );
  expect(events.map(({ type }) => type)).toEqual([
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
  ]);
  return { payer, id, events: events.map(({ id }) => id) };
}

const permutations = drawFrom(
  "event order",
  [[2, 1, 0], [0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1]],
  { one: 1, sample: 3 },
);

test.for(permutations)(
  "created, updated and deleted may come as %i, %i, %i",
  drawn,
  async (order) => {
    const { payer, id, events } = await liveThroughSubscription();
    for (const index of order) expect(await deliver(events[index] ?? "")).toBe(200);
    expect(must(await payer.client.from("subscriptions").select().single())).toMatchObject({
      stripe_subscription_id: id,
      status: "canceled",
      metadata: { note: "changed" },
      auto_renew: false,
    });
    expect(await readProfile(payer)).toMatchObject({
      subscription_plan: "free",
      membership_status: "canceled",
      role: "user",
    });
  },
);

test("events may come repeatedly, in any order and at once", drawn, async () => {
  const { payer, events } = await liveThroughSubscription();
  const sequence = fc.array(fc.tuple(fc.constantFrom(...events), fc.integer({ min: 1, max: 3 })), {
    minLength: 1,
    maxLength: 5,
  });
  await fc.assert(
    fc.asyncProperty(sequence, async (deliveries) => {
      await Promise.all(deliveries.map(([event, times]) => deliver(event, { times })));
      const rows = must(await payer.client.from("subscriptions").select("status"));
      expect(rows).toEqual([{ status: "canceled" }]);
    }),
    draw("events, doubled and at once", { one: 2, sample: 5, full: 15 }),
  );
});
