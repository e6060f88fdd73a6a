import { afterEach, expect, test } from "vitest";
import { createPayer, readProfile } from "../../helpers/billing.ts";
import { must } from "../../helpers/stack.ts";
import { buy, command, delivered, releaseEvents, stripe } from "../../helpers/stripe.ts";

afterEach(releaseEvents);

test("a purchase counts for its payer only, whatever its metadata says", async () => {
  const [payer, other] = [await createPayer(), await createPayer()];
  const naming = { profile_id: other.profileId, customer: other.customerId, user_id: other.authId };
  await stripe.customers.update(payer.customerId, { metadata: naming });
  const { id } = await stripe.subscriptions.create({
    customer: payer.customerId,
    items: [{ price: "price_parley_enterprise_monthly" }],
    metadata: naming,
  });
  await buy(payer, "price_parley_credits_100");
  await delivered(id);
  await delivered(payer.customerId);

  expect(await readProfile(payer)).toMatchObject({
    subscription_plan: "enterprise",
    tokens: 100,
    stripe_subscription_id: id,
  });
  expect(await readProfile(other)).toMatchObject({ subscription_plan: "free", tokens: 0 });
  for (const table of ["subscriptions", "payments"] as const) {
    expect(must(await other.client.from(table).select("id"))).toEqual([]);
  }
});

test("a customer that Parley did not create belongs to no user", async () => {
  const named = await createPayer();
  const { id: customer } = await command({
    object: "customer",
    email: named.email,
    metadata: { profile_id: named.profileId },
  });
  const { id } = await command({
    object: "subscription",
    customer,
    items: [{ price: "price_parley_pro_monthly" }],
    metadata: { profile_id: named.profileId },
  });
  await delivered(id);
  expect(await readProfile(named)).toMatchObject({ subscription_plan: "free" });
  expect(must(await named.client.from("subscriptions").select("id"))).toEqual([]);
});
