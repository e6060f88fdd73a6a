import { afterEach, expect, test } from "vitest";
import { admin, createPayer, readProfile } from "../../helpers/billing.ts";
import { asPostgres, createUser, must, stack } from "../../helpers/stack.ts";
import {
  applied,
  behave,
  buy,
  completeCheckout,
  countRequests,
  deliver,
  eventsAbout,
  holdEvents,
  ledgerOf,
  letEventsWait,
  openCheckout,
  releaseEvents,
  runEventWorker,
  stripe,
} from "../../helpers/stripe.ts";

afterEach(releaseEvents);

/** Lets a payer subscribe, and returns the events of that, all undelivered. */
async function subscribeUnheard() {
  const payer = await createPayer();
  await holdEvents();
  await letEventsWait();
  const { id } = await stripe.subscriptions.create({
    customer: payer.customerId,
    items: [{ price: "price_parley_pro_monthly" }],
  });
  return { payer, id, events: await eventsAbout(id) };
}

test.for(
  [
    ["price_parley_pro_monthly", { subscription_plan: "pro" }],
    ["price_parley_credits_100", { tokens: 100 }],
  ] as const,
)("a purchase of %s needs at most five requests to Stripe", async ([price, bought]) => {
  const user = await createUser();
  await letEventsWait();
  const checkout = await openCheckout(user, price);
  const { stripe_customer_id } = must(await user.client.from("profiles").select().single());
  const customerId = stripe_customer_id ?? "";
  await applied(customerId);

  // All events wait before the first is applied. In several parts, each part would need requests of its own.
  await holdEvents();
  await completeCheckout(checkout);
  const events = await eventsAbout(customerId);
  for (const { id } of events.filter(({ state }) => state === "held")) {
    await deliver(id);
    await asPostgres("update stripe_events set due_at = now() + interval '1 hour' where id = $1", [
      id,
    ]);
  }
  const appliedAt = new Date();
  await runEventWorker();
  await applied(customerId);

  const { total, kinds } = await countRequests(appliedAt);
  expect(total, JSON.stringify(kinds)).toBeLessThanOrEqual(5);
  expect(total).toBeGreaterThan(0);
  expect(await readProfile(user)).toMatchObject(bought);
  expect(must(await user.client.from("payments").select("status"))).toEqual([
    { status: "completed" },
  ]);
});

test("an event is answered when it is stored, and a failure is tried again by the schedule", async () => {
  const { payer, id, events } = await subscribeUnheard();
  const paid = events.filter(({ type }) => type === "invoice.paid");
  await behave({ fail: { path: `/v1/subscriptions/${id}`, status: 400 } });
  expect(await deliver(paid[0]?.id ?? "")).toBe(200);
  await expect.poll(() => ledgerOf(paid)).toMatchObject([{ status: "failed", attempts: 1 }]);
  expect((await readProfile(payer)).subscription_plan).toBe("free");

  await behave({});
  const response = await runEventWorker();
  expect(await response.json()).toMatchObject({ failed: 0 });
  expect(await ledgerOf(paid)).toMatchObject([{ status: "processed", attempts: 2, error: null }]);
  expect((await readProfile(payer)).subscription_plan).toBe("pro");
});

test("the events of a worker that dies are applied by the next one", async () => {
  const { payer, events } = await subscribeUnheard();
  for (const { id } of events) {
    const targets = [{ kind: "customer", id: payer.customerId }];
    await asPostgres("select public.record_stripe_events($1)", [
      JSON.stringify([{
        id,
        type: "invoice.paid",
        livemode: false,
        created_at: new Date(),
        payer: payer.customerId,
        targets,
      }]),
    ]);
  }
  await asPostgres("update stripe_events set due_at = now() where due_at is not null");
  must(await admin.rpc("claim_stripe_events", { max_payers: 100 }));
  for (const { id } of events) expect(await deliver(id)).toBe(200);
  expect((await ledgerOf(events)).every(({ status }) => status === "processing")).toBe(true);

  await runEventWorker();
  expect((await ledgerOf(events)).every(({ status }) => status === "processed")).toBe(true);
  expect((await readProfile(payer)).subscription_plan).toBe("pro");
});

test("an event whose object cannot be fetched holds up no other event of the payer", async () => {
  const user = await createUser();
  await holdEvents();
  await letEventsWait();
  const checkout = await buy(user, "price_parley_pro_monthly");
  await behave({ fail: { path: `/v1/checkout/sessions/${checkout}`, status: 400 } });
  const { stripe_customer_id } = must(await user.client.from("profiles").select().single());
  const events = await eventsAbout(stripe_customer_id ?? "");
  for (const { id } of events) await deliver(id);
  await expect.poll(async () => (await readProfile(user)).subscription_plan).toBe("pro");
  await expect.poll(async () =>
    (await ledgerOf(events)).filter(({ status }) => status === "failed")
  ).toMatchObject([{ type: "checkout.session.completed" }]);

  await behave({});
  await runEventWorker();
  expect(must(await user.client.from("subscriptions").select("checkout_id").single()))
    .toEqual({ checkout_id: checkout });
});

test("only the secret key calls the worker", async () => {
  expect((await runEventWorker(stack.PUBLISHABLE_KEY)).status).toBe(401);
});
