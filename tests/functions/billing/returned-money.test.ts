import { expect, test } from "vitest";
import { createPayer, readProfile } from "../../helpers/billing.ts";
import { asPostgres, stack } from "../../helpers/stack.ts";
import { buy, command, delivered, stripe } from "../../helpers/stripe.ts";

const CREDITS = "price_parley_credits_100";

/** Buys a hundred credits and returns the charge. */
async function buyCredits() {
  const payer = await createPayer();
  await buy(payer, CREDITS);
  await delivered(payer.customerId);
  const { data: [charge] } = await stripe.charges.list({ customer: payer.customerId });
  return { payer, charge: charge?.id ?? "", intent: String(charge?.payment_intent) };
}

async function appeal(disputeId: string): Promise<void> {
  const url = new URL(`/_emulator/disputes/${disputeId}/appeal`, stack.STRIPE_API_URL);
  expect((await fetch(url, { method: "POST" })).status).toBe(200);
}

test("a dispute that is appealed keeps its credits taken until the appeal is won", async () => {
  const { payer, charge } = await buyCredits();
  const tokens = async () => (await readProfile(payer)).tokens;
  expect(await tokens()).toBe(100);
  const { id } = await command({ object: "dispute", charge });
  await stripe.disputes.close(id);
  await delivered(id);
  expect(await tokens()).toBe(0);

  await appeal(id);
  await delivered(id);
  expect(await tokens()).toBe(0);
  await stripe.disputes.update(id, { evidence: { uncategorized_text: "More." } });
  await delivered(id);
  expect(await tokens()).toBe(0);
  await stripe.disputes.update(id, { evidence: { uncategorized_text: "winning_evidence" } });
  await delivered(id);
  expect(await tokens()).toBe(100);
});

test("a refund takes its share, whichever of several payments of an invoice it returns", async () => {
  const payer = await createPayer();
  const { id: product } = await stripe.products.create({
    name: "Plan with credits",
    metadata: { plan: "pro", tokens: "100" },
  });
  const { id: price } = await stripe.prices.create({
    product,
    currency: "usd",
    unit_amount: 1_000,
    recurring: { interval: "month" },
  });
  const { latest_invoice } = await stripe.subscriptions.create({
    customer: payer.customerId,
    items: [{ price }],
    payment_behavior: "default_incomplete",
  });
  const invoice = String(latest_invoice);
  const part = await stripe.paymentIntents.create({
    amount: 250,
    currency: "usd",
    customer: payer.customerId,
    payment_method: "pm_card_visa",
    confirm: true,
  });
  await stripe.invoices.attachPayment(invoice, { payment_intent: part.id });
  await stripe.invoices.pay(invoice);
  await delivered(payer.customerId);
  expect(await readProfile(payer)).toMatchObject({ subscription_plan: "pro", tokens: 100 });
  expect(
    await asPostgres("select amount from public.payments where stripe_invoice_id = $1 order by 1", [
      invoice,
    ]),
  ).toEqual([{ amount: "250" }, { amount: "750" }]);

  await stripe.refunds.create({ payment_intent: part.id });
  await delivered(part.id);
  expect(await readProfile(payer)).toMatchObject({ tokens: 75 });
  const { data } = await stripe.invoicePayments.list({ invoice });
  const rest = data.find(({ is_default }) => is_default)?.payment.payment_intent;
  await stripe.refunds.create({ payment_intent: String(rest), amount: 375 });
  await delivered(String(rest));
  expect(await readProfile(payer)).toMatchObject({ tokens: 38 });
});
