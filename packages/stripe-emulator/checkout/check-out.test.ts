import type Stripe from "stripe";
import { describe, expect, it } from "vitest";
import {
  checkOut,
  CREDITS,
  MONTHLY,
  refer,
  startEmulator,
  YEARLY,
} from "../start-test-emulator.ts";

const CREDITS_CHECKOUT: Pick<Stripe.Checkout.SessionCreateParams, "mode" | "line_items"> = {
  mode: "payment",
  line_items: [{ price: CREDITS, quantity: 2 }],
};

describe("a checkout of a subscription", () => {
  it("creates customer, subscription, invoice and payment", async () => {
    const emulator = await startEmulator();
    const { client } = emulator;
    const session = await checkOut(emulator, {
      customer_email: "new@example.com",
      client_reference_id: "profile-1",
      metadata: { a: "1" },
      subscription_data: { metadata: { profile: "1" } },
    });
    expect(session).toMatchObject({
      status: "complete",
      payment_status: "paid",
      amount_total: 2000,
      client_reference_id: "profile-1",
      customer_details: { email: "new@example.com" },
      metadata: { a: "1" },
      url: null,
    });
    const subscription = await client.subscriptions.retrieve(refer(session.subscription), {
      expand: ["customer", "latest_invoice.payments.data", "items.data.price.product"],
    });
    expect(subscription).toMatchObject({
      status: "active",
      metadata: { profile: "1" },
      customer: { email: "new@example.com" },
      items: { data: [{ price: { id: MONTHLY, product: { metadata: { plan: "pro" } } } }] },
      latest_invoice: {
        id: session.invoice,
        status: "paid",
        amount_paid: 2000,
        billing_reason: "subscription_create",
        parent: { subscription_details: { subscription: session.subscription } },
        lines: { data: [{ pricing: { price_details: { price: MONTHLY } } }] },
        payments: { data: [{ status: "paid", payment: { type: "payment_intent" } }] },
      },
    });
    const [item] = subscription.items.data;
    expect((item?.current_period_end ?? 0) - (item?.current_period_start ?? 0))
      .toBeGreaterThanOrEqual(28 * 86_400);
  });

  it("sends its events in Stripe's order, with valid signatures", async () => {
    const emulator = await startEmulator();
    await checkOut(emulator);
    expect(await emulator.settledTypes()).toEqual([
      "charge.succeeded",
      "payment_method.attached",
      "customer.created",
      "customer.updated",
      "checkout.session.completed",
      "customer.subscription.created",
      "payment_intent.created",
      "payment_intent.succeeded",
      "invoice.created",
      "invoice.finalized",
      "invoice.paid",
      "invoice.payment_succeeded",
      "invoice_payment.paid",
    ]);
    const { events } = emulator.webhook;
    expect(events.find(({ type }) => type === "customer.subscription.created")).toMatchObject({
      object: "event",
      livemode: false,
      pending_webhooks: 1,
      request: { id: null, idempotency_key: null },
      data: { object: { status: "active" } },
    });
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  });

  it("takes no money yet if there is a trial", async () => {
    const emulator = await startEmulator();
    const { client } = emulator;
    const session = await checkOut(emulator, {
      line_items: [{ price: YEARLY, quantity: 1 }],
      subscription_data: { trial_period_days: 14 },
    });
    expect(session).toMatchObject({ payment_status: "no_payment_required", amount_total: 0 });
    const subscription = await client.subscriptions.retrieve(refer(session.subscription), {
      expand: ["latest_invoice.payments"],
    });
    const { trial_start, trial_end } = subscription;
    expect((trial_end ?? 0) - (trial_start ?? 0)).toBe(14 * 86_400);
    expect(subscription).toMatchObject({
      status: "trialing",
      items: { data: [{ current_period_end: trial_end }] },
      latest_invoice: { status: "paid", amount_due: 0, payments: { data: [] } },
    });
    expect(await emulator.settledTypes()).not.toContain("charge.succeeded");
  });

  it("uses the given customer", async () => {
    const emulator = await startEmulator();
    const { id } = await emulator.client.customers.create({ email: "old@example.com" });
    const session = await checkOut(emulator, { customer: id });
    expect(session.customer).toBe(id);
    expect((await emulator.objects()).customers).toHaveLength(1);
  });

  it("stays open when the card is declined, and can be tried again", async () => {
    const { client, complete, settledTypes, objects } = await startEmulator();
    const { id } = await client.checkout.sessions.create({
      mode: "subscription",
      line_items: [{ price: MONTHLY, quantity: 1 }],
      success_url: "https://app.example.com",
    });
    await complete(id, "failed");
    expect(await client.checkout.sessions.retrieve(id))
      .toMatchObject({ status: "open", payment_status: "unpaid", subscription: null });
    expect(await settledTypes())
      .toEqual(["payment_intent.created", "charge.failed", "payment_intent.payment_failed"]);
    await complete(id);
    expect(await client.checkout.sessions.retrieve(id)).toMatchObject({ status: "complete" });
    expect((await complete(id)).status).toBe(400);
    expect((await objects()).subscriptions).toHaveLength(1);
  });
});

describe("a checkout of a payment", () => {
  it("takes the money", async () => {
    const emulator = await startEmulator();
    const session = await checkOut(emulator, {
      ...CREDITS_CHECKOUT,
      payment_intent_data: { metadata: { profile: "1" } },
    });
    expect(session).toMatchObject({ payment_status: "paid", invoice: null, customer: null });
    const intent = await emulator.client.paymentIntents.retrieve(refer(session.payment_intent), {
      expand: ["latest_charge.balance_transaction"],
    });
    expect(intent).toMatchObject({
      status: "succeeded",
      amount_received: 2000,
      metadata: { profile: "1" },
      latest_charge: {
        paid: true,
        payment_method_details: { card: { brand: "visa", last4: "4242", funding: "credit" } },
        balance_transaction: { amount: 2000, fee: 88, net: 1912, currency: "usd" },
      },
    });
    expect(await emulator.settledTypes()).toEqual([
      "charge.succeeded",
      "checkout.session.completed",
      "payment_intent.created",
      "payment_intent.succeeded",
    ]);
  });

  it("creates an invoice on request", async () => {
    const emulator = await startEmulator();
    const { client } = emulator;
    const session = await checkOut(emulator, {
      ...CREDITS_CHECKOUT,
      invoice_creation: { enabled: true, invoice_data: { metadata: { profile: "1" } } },
    });
    const invoice = await client.invoices.retrieve(refer(session.invoice));
    expect(invoice).toMatchObject({
      status: "paid",
      billing_reason: "manual",
      parent: null,
      customer: session.customer,
      metadata: { profile: "1" },
      lines: {
        data: [{ quantity: 2, amount: 2000, pricing: { price_details: { price: CREDITS } } }],
      },
    });
    const payments = await client.invoicePayments.list({
      payment: { type: "payment_intent", payment_intent: refer(session.payment_intent) },
    });
    expect(payments.data).toMatchObject([{ invoice: invoice.id, amount_paid: 2000 }]);
    expect(await emulator.settledTypes()).toContain("invoice.paid");
  });

  it("settles another currency in the account's own", async () => {
    const emulator = await startEmulator();
    const { client } = emulator;
    const { id: price } = await client.prices.create({
      product: "prod_parley_credits_100",
      currency: "eur",
      unit_amount: 1000,
    });
    const session = await checkOut(emulator, {
      mode: "payment",
      line_items: [{ price, quantity: 1 }],
    });
    const { data: [charge] } = await client.charges.list({
      payment_intent: refer(session.payment_intent),
    });
    expect(charge).toMatchObject({ amount: 1000, currency: "eur" });
    expect(await client.balanceTransactions.retrieve(refer(charge?.balance_transaction)))
      .toMatchObject({ amount: 1100, currency: "usd", exchange_rate: 1.1 });
  });
});

describe("a checkout", () => {
  it("is refused for prices that do not fit", async () => {
    const { client } = await startEmulator();
    const create = (mode: "payment" | "subscription", price: string) =>
      client.checkout.sessions.create({
        mode,
        line_items: [{ price, quantity: 1 }],
        success_url: "https://app.example.com",
      });
    await expect(create("payment", MONTHLY)).rejects.toThrow("passed a recurring price");
    await expect(create("subscription", CREDITS)).rejects.toThrow("at least one recurring price");
    await client.prices.update(MONTHLY, { active: false });
    await expect(create("subscription", MONTHLY)).rejects.toThrow("inactive");
    await expect(create("subscription", "price_x"))
      .rejects.toMatchObject({ param: "line_items[0][price]" });
  });

  it("lists its lines, and expires", async () => {
    const { client, settledTypes } = await startEmulator();
    const { id, line_items } = await client.checkout.sessions.create({
      ...CREDITS_CHECKOUT,
      success_url: "https://app.example.com",
      expand: ["line_items"],
    });
    const lines = await client.checkout.sessions.listLineItems(id);
    expect(lines.data).toMatchObject([{ description: "100 credits", amount_total: 2000 }]);
    expect(lines.data).toEqual(line_items?.data);
    await client.checkout.sessions.expire(id);
    expect((await client.checkout.sessions.list({ status: "expired" })).data).toHaveLength(1);
    expect(await settledTypes()).toEqual(["checkout.session.expired"]);
  });

  it("has a page with a button that pays and leads back", async () => {
    const { client } = await startEmulator();
    const { id, url } = await client.checkout.sessions.create({
      mode: "subscription",
      line_items: [{ price: MONTHLY, quantity: 1 }],
      success_url: "https://app.example.com/done?session={CHECKOUT_SESSION_ID}",
    });
    const page = await (await fetch(String(url))).text();
    expect(page).toContain("1 × Pro: $20.00");
    expect(page).toMatch(/<form method="post"><button>Pay/);
    const reply = await fetch(String(url), { method: "POST", redirect: "manual" });
    expect(reply.status).toBe(303);
    expect(reply.headers.get("location")).toBe(`https://app.example.com/done?session=${id}`);
    expect(await client.checkout.sessions.retrieve(id)).toMatchObject({ status: "complete" });
  });
});

describe("a portal session", () => {
  it("has a page that leads back", async () => {
    const { client } = await startEmulator();
    const { id } = await client.customers.create({ email: "<b>@example.com" });
    const session = await client.billingPortal.sessions.create({
      customer: id,
      return_url: "https://app.example.com/account?a=1&b=2",
    });
    expect(session).toMatchObject({ object: "billing_portal.session", customer: id });
    const page = await (await fetch(session.url)).text();
    expect(page).toContain("&lt;b&gt;@example.com");
    expect(page).toContain('href="https://app.example.com/account?a=1&amp;b=2"');
    await expect(client.billingPortal.sessions.create({ customer: "cus_x" }))
      .rejects.toMatchObject({ code: "resource_missing" });
  });
});
