import { afterEach, expect, test } from "vitest";
import { createPayer, readProfile } from "../../helpers/billing.ts";
import { must } from "../../helpers/stack.ts";
import { advance, command, delivered, releaseEvents, stripe } from "../../helpers/stripe.ts";
import { Constants } from "../../../types/database.ts";
import { readUsage } from "../../helpers/turns.ts";

afterEach(releaseEvents);

const entitled = { trialing: true, active: true, past_due: true } as const;
const statuses = Constants.public.Enums.subscription_status;

test("each of Stripe's statuses gives its plan or none", async () => {
  const payer = await createPayer();
  const { id } = await command({
    object: "subscription",
    customer: payer.customerId,
    items: [{ price: "price_parley_pro_monthly" }],
  });
  for (const status of statuses) {
    await command({ object: "subscription", id, status });
    await delivered(id);
    const plan = status in entitled ? "pro" : "free";
    expect((await readUsage(payer)).plan, status).toBe(plan);
    expect(must(await payer.client.from("subscriptions").select("status").single()).status)
      .toBe(status);
  }
});

test("a subscription cancelled at the end of its period keeps its plan until then", async () => {
  const payer = await createPayer();
  const { id } = await stripe.subscriptions.create({
    customer: payer.customerId,
    items: [{ price: "price_parley_pro_monthly" }],
  });
  await stripe.subscriptions.update(id, { cancel_at_period_end: true });
  await delivered(id);
  const subscription = must(await payer.client.from("subscriptions").select().single());
  expect(subscription).toMatchObject({ status: "active", auto_renew: false });
  expect(subscription.ends_at).toBe(subscription.current_period_end);
  expect((await readProfile(payer)).subscription_plan).toBe("pro");

  await advance(id);
  await delivered(id);
  expect(await readProfile(payer)).toMatchObject({
    subscription_plan: "free",
    membership_status: "canceled",
    stripe_subscription_id: null,
  });
});

test("a subscription with a failed payment is past due from its invoice on, and ends with the last retry", async () => {
  const payer = await createPayer();
  const { id } = await stripe.subscriptions.create({
    customer: payer.customerId,
    items: [{ price: "price_parley_pro_monthly" }],
  });
  await advance(id, "failed");
  await delivered(id);
  const { past_due_at } = must(await payer.client.from("subscriptions").select().single());
  expect(Date.now() - Date.parse(past_due_at ?? "")).toBeLessThan(60_000);
  expect(await readProfile(payer)).toMatchObject({
    subscription_plan: "pro",
    membership_status: "past_due",
  });
  const failed = must(await payer.client.from("payments").select().eq("status", "failed"));
  expect(failed).toMatchObject([{ error_code: "generic_decline" }]);
});
