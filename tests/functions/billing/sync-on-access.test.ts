import { afterEach, expect, test } from "vitest";
import { SubscriptionReply } from "../../../types/api.ts";
import { createPayer } from "../../helpers/billing.ts";
import { asPostgres, createUser, type TestUser } from "../../helpers/stack.ts";
import {
  behave,
  delivered,
  getBilling,
  holdEvents,
  releaseEvents,
  stripe,
} from "../../helpers/stripe.ts";

afterEach(releaseEvents);

const read = async (user: TestUser) =>
  SubscriptionReply.parse(await (await getBilling("subscription", user)).json());

test("a user without a customer is on the free plan", async () => {
  expect(await read(await createUser())).toEqual({
    plan: "free",
    membership_status: "active",
    subscription: null,
    synced_at: null,
  });
});

test("reading the subscription asks Stripe only if the last sync was a while ago", async () => {
  const payer = await createPayer();
  await delivered(payer.customerId);
  await holdEvents();
  const { id } = await stripe.subscriptions.create({
    customer: payer.customerId,
    items: [{ price: "price_parley_pro_monthly" }],
  });
  const first = await read(payer);
  expect(first).toMatchObject({
    plan: "pro",
    subscription: { stripe_subscription_id: id, status: "active" },
  });

  await stripe.subscriptions.cancel(id);
  expect((await read(payer)).subscription?.status).toBe("active");
  await asPostgres(
    "update stripe_customers set synced_at = now() - interval '6 minutes' where id = $1",
    [payer.customerId],
  );
  expect(await read(payer)).toMatchObject({ plan: "free", subscription: { status: "canceled" } });
});

test("while Stripe is down the function returns the state it knows", async () => {
  const payer = await createPayer();
  await behave({ fail: { path: `/v1/customers/${payer.customerId}`, status: 400 } });
  expect(await read(payer)).toMatchObject({ plan: "free", synced_at: null });
});
