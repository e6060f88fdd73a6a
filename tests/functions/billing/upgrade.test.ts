import { afterEach, expect, test } from "vitest";
import { asPostgres, createUser, must } from "../../helpers/stack.ts";
import { buy, delivered, releaseEvents } from "../../helpers/stripe.ts";
import { readUsage } from "../../helpers/turns.ts";

afterEach(releaseEvents);

test("a completed checkout gives the plan, its quota and its period", async () => {
  const user = await createUser();
  await asPostgres("update profiles set subscription_usage = 150 where id = $1", [user.profileId]);

  const checkout = await buy(user, "price_parley_pro_monthly");
  const { stripe_customer_id } = must(await user.client.from("profiles").select().single());
  await delivered(stripe_customer_id ?? "");

  const profile = must(await user.client.from("profiles").select().single());
  const subscription = must(await user.client.from("subscriptions").select().single());
  expect(profile).toMatchObject({
    subscription_plan: "pro",
    subscription_quota: 3000,
    subscription_usage: 0,
    stripe_product_id: "prod_parley_pro",
    stripe_subscription_id: subscription.stripe_subscription_id,
    membership_status: "active",
    role: "premium",
    quota_last_reset: subscription.current_period_start,
  });
  expect(subscription).toMatchObject({
    status: "active",
    checkout_id: checkout,
    amount: 2000,
    currency: "usd",
    recurring_interval: "month",
    auto_renew: true,
  });
  expect(must(await user.client.from("payments").select())).toMatchObject([{
    status: "completed",
    amount: 2000,
    subscription_id: subscription.id,
    invoice_status: "paid",
    card_last_four: "4242",
    settlement_amount: 2000,
    digital_products_delivered: true,
  }]);
});

test("credits are granted once they are paid for", async () => {
  const user = await createUser();
  await buy(user, "price_parley_credits_100");
  const { stripe_customer_id } = must(await user.client.from("profiles").select().single());
  await delivered(stripe_customer_id ?? "");

  const { credits, plan } = await readUsage(user);
  expect(credits.balance).toBe(100);
  expect(credits.expires_at).not.toBeNull();
  expect(plan).toBe("free");
});
