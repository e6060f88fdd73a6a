import { describe, expect, it } from "vitest";
import {
  createPayer,
  MONTHLY,
  pass,
  refer,
  startEmulator,
  subscribe,
  YEARLY,
} from "../start-test-emulator.ts";

const DAY = 86_400;

describe("a subscription with many items", () => {
  it("shows ten of them, and its route has all", async () => {
    const { client } = await startEmulator();
    const items = (count: number) => ({
      items: Array.from({ length: count }, () => ({ price: MONTHLY })),
    });
    const { id, items: shown } = await subscribe(client, items(12));
    expect(shown).toMatchObject({ has_more: true });
    expect(shown.data).toHaveLength(10);
    const listed = await Array.fromAsync(client.subscriptionItems.list({ subscription: id }));
    expect(new Set(listed.map((item) => item.id)).size).toBe(12);
    await expect(subscribe(client, items(21))).rejects.toThrow();
  });
});

describe("a subscription that is created", () => {
  it("is active once its first invoice is paid, and has one event", async () => {
    const { client, settledTypes } = await startEmulator();
    expect(await subscribe(client)).toMatchObject({ status: "active", currency: "usd" });
    const types = await settledTypes();
    expect(types.filter((type) => type.startsWith("customer.subscription")))
      .toEqual(["customer.subscription.created"]);
  });

  it("is incomplete until its invoice is paid, then active", async () => {
    const { client, settledTypes } = await startEmulator();
    const subscription = await subscribe(client, {
      payment_behavior: "default_incomplete",
      expand: ["latest_invoice.confirmation_secret"],
    });
    expect(subscription).toMatchObject({
      status: "incomplete",
      latest_invoice: { status: "open", confirmation_secret: { type: "payment_intent" } },
    });
    await client.invoices.pay(refer(subscription.latest_invoice));
    expect(await client.subscriptions.retrieve(subscription.id)).toMatchObject({
      status: "active",
    });
    expect(await settledTypes()).toContain("customer.subscription.updated");
  });

  it("is incomplete when the card is declined, and expires", async () => {
    const emulator = await startEmulator();
    const { client } = emulator;
    const { id, status, latest_invoice } = await subscribe(
      client,
      {},
      "pm_card_chargeCustomerFail",
    );
    expect(status).toBe("incomplete");
    expect(await pass(emulator, id, [undefined])).toEqual(["incomplete_expired"]);
    const invoice = await client.invoices.retrieve(refer(latest_invoice));
    expect(invoice.status).toBe("void");
    const { data: [intent] } = await client.paymentIntents.list();
    expect(intent).toMatchObject({ status: "canceled", cancellation_reason: "void_invoice" });
    expect((await emulator.advance(id)).status).toBe(400);
  });

  it("is refused without a payment method, or with a declined card if it must not be incomplete", async () => {
    const { client, objects } = await startEmulator();
    const { id: customer } = await client.customers.create({});
    await expect(client.subscriptions.create({ customer, items: [{ price: MONTHLY }] }))
      .rejects.toMatchObject({ statusCode: 400, code: "resource_missing" });
    const declined = subscribe(
      client,
      { payment_behavior: "error_if_incomplete" },
      "pm_card_chargeCustomerFail",
    );
    await expect(declined).rejects.toMatchObject({ type: "StripeCardError", statusCode: 402 });
    expect((await objects()).subscriptions).toEqual([]);
  });
});

describe("a trial", () => {
  it("becomes active with the first payment", async () => {
    const emulator = await startEmulator();
    const { client } = emulator;
    const { id: customer } = await createPayer(client);
    const trial = await client.subscriptions.create({
      customer,
      items: [{ price: YEARLY }],
      trial_period_days: 14,
    });
    expect(trial.status).toBe("trialing");
    expect(await pass(emulator, trial.id, [undefined])).toEqual(["active"]);
    const { data: [invoice] } = await client.invoices.list({ subscription: trial.id });
    expect(invoice).toMatchObject({ amount_paid: 20_000, billing_reason: "subscription_cycle" });
  });

  it("is past due when that payment fails", async () => {
    const emulator = await startEmulator();
    const { id } = await subscribe(emulator.client, { trial_period_days: 3 });
    expect(await pass(emulator, id, ["failed"])).toEqual(["past_due"]);
  });

  it("is paused without a payment method if configured so, and can be resumed", async () => {
    const emulator = await startEmulator();
    const { client, advance } = emulator;
    const { id: customer } = await client.customers.create({});
    const { id } = await client.subscriptions.create({
      customer,
      items: [{ price: MONTHLY }],
      trial_period_days: 3,
      trial_settings: { end_behavior: { missing_payment_method: "pause" } },
    });
    await advance(id);
    expect(await client.subscriptions.retrieve(id)).toMatchObject({ status: "paused" });
    const { id: method } = await client.paymentMethods.attach("pm_card_visa", { customer });
    await client.subscriptions.update(id, { default_payment_method: method });
    expect(await client.subscriptions.resume(id)).toMatchObject({ status: "active" });
    const types = await emulator.settledTypes();
    expect(types).toContain("customer.subscription.paused");
    expect(types).toContain("customer.subscription.resumed");
    await expect(client.subscriptions.resume(id)).rejects.toMatchObject({ statusCode: 400 });
  });

  it("can be ended at once or moved to a later end", async () => {
    const { client } = await startEmulator();
    const { id, trial_end } = await subscribe(client, { trial_period_days: 3 });
    const later = (trial_end ?? 0) + DAY;
    expect(await client.subscriptions.update(id, { trial_end: later }))
      .toMatchObject({ status: "trialing", trial_end: later });
    expect(await client.subscriptions.update(id, { trial_end: "now" }))
      .toMatchObject({ status: "active" });
  });
});
