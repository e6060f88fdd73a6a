import { expect, test } from "vitest";
import { createPayer, readProfile } from "../../helpers/billing.ts";
import { must, type TestUser } from "../../helpers/stack.ts";
import { delivered, getBilling, stripe } from "../../helpers/stripe.ts";

const PRO = "price_parley_pro_monthly";
const ENTERPRISE = "price_parley_enterprise_monthly";

async function itemsOf(user: TestUser) {
  const rows = must(await user.client.from("subscription_items").select());
  return rows.map(({ stripe_price_id, quantity }) => `${quantity} × ${stripe_price_id}`).sort();
}

/** Creates monthly prices of a product that gives no plan. */
async function createAddOns(count: number): Promise<string[]> {
  const { id: product } = await stripe.products.create({ name: "Add-on" });
  const params = { product, currency: "usd", unit_amount: 500 };
  const prices = await Promise.all(
    Array.from(
      { length: count },
      () => stripe.prices.create({ ...params, recurring: { interval: "month" } }),
    ),
  );
  return prices.map(({ id }) => id);
}

test("a plan counts beside an add-on that costs more", async () => {
  const payer = await createPayer();
  const [addOn = ""] = await createAddOns(1);
  const { id } = await stripe.subscriptions.create({
    customer: payer.customerId,
    items: [{ price: PRO }, { price: addOn, quantity: 5 }],
  });
  await delivered(id);
  expect(await readProfile(payer)).toMatchObject({ subscription_plan: "pro" });
  expect(await itemsOf(payer)).toEqual([`1 × ${PRO}`, `5 × ${addOn}`].sort());
});

test("more items than one page has are stored, by events and by a sync", async () => {
  const payer = await createPayer();
  const addOns = await createAddOns(11);
  const { id } = await stripe.subscriptions.create({
    customer: payer.customerId,
    // Lists are newest first, so the plan is on the second page.
    items: [...addOns.map((price) => ({ price })), { price: ENTERPRISE }],
  });
  await delivered(id);
  expect(await itemsOf(payer)).toEqual([...addOns, ENTERPRISE].map((each) => `1 × ${each}`).sort());
  expect(await readProfile(payer)).toMatchObject({ subscription_plan: "enterprise" });

  const sync = await getBilling("subscription", payer);
  expect(await sync.json()).toMatchObject({ plan: "enterprise" });
  expect(await itemsOf(payer)).toHaveLength(12);
});
