import { afterEach, expect, test } from "vitest";
import { readProfile } from "../../helpers/billing.ts";
import { asPostgres, createUser, must } from "../../helpers/stack.ts";
import {
  advance,
  buy,
  delivered,
  postBilling,
  releaseEvents,
  stripe,
} from "../../helpers/stripe.ts";

afterEach(releaseEvents);
afterEach(() => setPolicy({}));

const PRO = "price_parley_pro_monthly";
const CREDITS = "price_parley_credits_100";

/** Sets options of the checkout; the others get their defaults. */
async function setPolicy(options: Record<string, unknown>): Promise<void> {
  await asPostgres(
    `update private.billing_policy b
     set promotion_codes = n.promotion_codes, automatic_tax = n.automatic_tax, billing_address = n.billing_address,
       trial_without_card = n.trial_without_card, max_quantity = n.max_quantity, custom_fields = n.custom_fields
     from jsonb_populate_record(null::private.billing_policy, $1) n`,
    [JSON.stringify({
      promotion_codes: false,
      automatic_tax: false,
      billing_address: false,
      trial_without_card: false,
      max_quantity: 1,
      custom_fields: [],
      ...options,
    })],
  );
}

test("a checkout offers nothing that the operator has not turned on", async () => {
  const session = await stripe.checkout.sessions.retrieve(await buy(await createUser(), PRO));
  expect(session).toMatchObject({
    allow_promotion_codes: null,
    automatic_tax: { enabled: false },
    billing_address_collection: null,
    custom_fields: [],
    payment_method_collection: "always",
  });
});

test("discount, tax, metadata and answers are stored", async () => {
  await setPolicy({
    promotion_codes: true,
    automatic_tax: true,
    billing_address: true,
    custom_fields: [{
      key: "team",
      label: { type: "custom", custom: "Team" },
      type: "text",
      optional: true,
    }],
  });
  const coupon = await stripe.coupons.create({ percent_off: 50, duration: "forever" });
  const code = crypto.randomUUID().slice(0, 8);
  await stripe.promotionCodes.create({ promotion: { type: "coupon", coupon: coupon.id }, code });
  const user = await createUser();
  const session = await stripe.checkout.sessions.retrieve(
    await buy(user, PRO, { promotion_code: code, custom_fields: { team: "Blue" } }),
  );
  await delivered(session.id);
  await delivered(String(session.invoice));
  const payment = must(
    await user.client.from("payments").select("amount, tax, discount_id, metadata").single(),
  );
  expect(payment).toEqual({
    amount: 1100,
    tax: 100,
    discount_id: expect.stringMatching(/^di_/),
    metadata: { profile_id: user.profileId, plan: "pro" },
  });
  const subscription = must(
    await user.client.from("subscriptions").select("discount_id, custom_field_data").single(),
  );
  expect(subscription).toEqual({
    discount_id: payment.discount_id,
    custom_field_data: { team: "Blue" },
  });
});

test("what a checkout does not have is null", async () => {
  const user = await createUser();
  const session = await stripe.checkout.sessions.retrieve(await buy(user, PRO));
  await delivered(session.id);
  const rows = await asPostgres(
    `select s.discount_id is null as no_discount, s.custom_field_data is null as no_answers,
       s.pause_collection is null as no_pause
     from subscriptions s where s.user_id = $1`,
    [user.profileId],
  );
  expect(rows).toEqual([{ no_discount: true, no_answers: true, no_pause: true }]);
});

test("credits are sold in the quantity that the user chooses, plans are not", async () => {
  await setPolicy({ max_quantity: 5 });
  const user = await createUser();
  const session = await stripe.checkout.sessions.retrieve(
    await buy(user, CREDITS, { quantity: 3 }),
  );
  await delivered(String(session.invoice));
  expect((await readProfile(user)).tokens).toBe(300);
  await expect(buy(user, CREDITS, { quantity: 6 })).rejects.toThrow("quantity");
  await expect(buy(user, PRO, { quantity: 2 })).rejects.toThrow("quantity");
});

test("a trial without a card ends with the trial", async () => {
  await setPolicy({ trial_without_card: true });
  const user = await createUser();
  const session = await stripe.checkout.sessions.retrieve(
    await buy(user, "price_parley_pro_yearly"),
  );
  const id = String(session.subscription);
  await delivered(id);
  expect((await readProfile(user)).subscription_plan).toBe("pro");
  expect(await stripe.subscriptions.retrieve(id)).toMatchObject({
    status: "trialing",
    default_payment_method: null,
  });
  await advance(id);
  await delivered(id);
  await expect.poll(async () => (await readProfile(user)).subscription_plan).toBe("free");
});

test("a payer of dollars who chooses euros is told so, and may do it after the subscription ended", async () => {
  const euro = await stripe.prices.create({
    product: "prod_parley_pro",
    currency: "eur",
    unit_amount: 1_000,
    recurring: { interval: "month" },
    metadata: { listed: "true" },
  });
  const addOn = await stripe.products.create({ name: "Add-on" });
  const dollars = await stripe.prices.create({
    product: addOn.id,
    currency: "usd",
    unit_amount: 100,
    recurring: { interval: "month" },
    metadata: { listed: "true" },
  });
  await delivered(euro.id);
  await delivered(dollars.id);
  const user = await createUser();
  const session = await stripe.checkout.sessions.retrieve(await buy(user, dollars.id));
  const response = await postBilling("checkout", user, {
    price_id: euro.id,
    success_url: "http://localhost:3000/done",
    cancel_url: "http://localhost:3000/plans",
  });
  expect(response.status).toBe(409);
  expect(await response.json()).toMatchObject({
    code: "currency_conflict",
    details: { portal: true },
  });
  await stripe.subscriptions.cancel(String(session.subscription));
  await buy(user, euro.id);
  await Promise.all([euro, dollars].map(({ id }) => stripe.prices.update(id, { active: false })));
});
