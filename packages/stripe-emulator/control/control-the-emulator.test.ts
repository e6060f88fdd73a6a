import { describe, expect, it } from "vitest";
import { checkOut, MONTHLY, startEmulator, subscribe } from "../start-test-emulator.ts";

async function startWithCommand() {
  const emulator = await startEmulator();
  const command = async (body: Record<string, unknown>): Promise<Record<string, unknown>> =>
    await (await emulator.control("POST", "/objects", body)).json();
  return { ...emulator, command };
}

describe("requests", () => {
  it("are listed in order with path, status and body, without commands", async () => {
    const { client, control, requests } = await startEmulator();
    await client.customers.create({ name: "A", metadata: { a: "1" } });
    await client.customers.list({ limit: 1 });
    await control("GET", "/objects");
    await client.customers.retrieve("cus_x").catch(() => {});
    expect(await requests()).toMatchObject([
      {
        method: "POST",
        path: "/v1/customers",
        status: 200,
        body: { name: "A", metadata: { a: "1" } },
      },
      { method: "GET", path: "/v1/customers?limit=1", status: 200, body: null },
      { method: "GET", path: "/v1/customers/cus_x", status: 404, body: null },
    ]);
  });
});

describe("objects", () => {
  it("show all objects of every kind", async () => {
    const emulator = await startEmulator();
    const { subscription } = await checkOut(emulator);
    const objects = await emulator.objects();
    expect(Object.fromEntries(Object.entries(objects).map(([name, list]) => [name, list.length])))
      .toEqual({
        balance_transactions: 1,
        charges: 1,
        checkout_sessions: 1,
        coupons: 0,
        customers: 1,
        discounts: 0,
        disputes: 0,
        invoice_payments: 1,
        invoices: 1,
        payment_intents: 1,
        payment_methods: 1,
        prices: 4,
        products: 3,
        promotion_codes: 0,
        refunds: 0,
        subscriptions: 1,
      });
    expect(objects.subscriptions?.[0]).toMatchObject({ id: subscription, status: "active" });
  });
});

describe("a command", () => {
  it("creates, changes and deletes a customer, each with its event", async () => {
    const { client, command, settledTypes } = await startWithCommand();
    await command({
      object: "customer",
      id: "cus_1",
      email: "a@example.com",
      metadata: { a: "1" },
    });
    await command({ object: "customer", id: "cus_1", name: "A", metadata: { b: "2" } });
    expect(await client.customers.retrieve("cus_1"))
      .toMatchObject({ email: "a@example.com", name: "A", metadata: { a: "1", b: "2" } });
    await command({ object: "customer", id: "cus_1", deleted: true });
    expect(await client.customers.retrieve("cus_1")).toMatchObject({ deleted: true });
    expect(await settledTypes())
      .toEqual(["customer.created", "customer.updated", "customer.deleted"]);
  });

  it("creates a catalogue", async () => {
    const { client, command } = await startWithCommand();
    await command({ object: "product", id: "prod_1", name: "P", metadata: { plan: "p" } });
    const recurring = { interval: "month" };
    await command({ object: "price", id: "price_1", product: "prod_1", unit_amount: 5, recurring });
    expect(await client.prices.retrieve("price_1", { expand: ["product"] })).toMatchObject({
      type: "recurring",
      recurring: { interval: "month", interval_count: 1, usage_type: "licensed" },
      product: { name: "P" },
    });
    expect(await subscribe(client, { items: [{ price: "price_1" }] }))
      .toMatchObject({ status: "active" });
  });

  it("sets a subscription to any status", async () => {
    const { client, command, settledTypes } = await startWithCommand();
    const { id: customer } = await client.customers.create({});
    const items = [{ price: MONTHLY, quantity: 2 }];
    const { id } = await command({ object: "subscription", customer, items, metadata: { a: "1" } });
    expect(await client.subscriptions.retrieve(String(id))).toMatchObject({
      status: "active",
      metadata: { a: "1" },
      items: { data: [{ quantity: 2, price: { id: MONTHLY } }] },
    });
    for (const status of ["past_due", "unpaid", "paused", "canceled"]) {
      await command({ object: "subscription", id, status });
      expect(await client.subscriptions.retrieve(String(id))).toMatchObject({ status });
    }
    expect((await settledTypes()).slice(1)).toEqual([
      "customer.subscription.created",
      "customer.subscription.updated",
      "customer.subscription.updated",
      "customer.subscription.paused",
      "customer.subscription.deleted",
    ]);
  });

  it("moves the period of a subscription, and sends named events without a change", async () => {
    const { client, command, settledTypes, webhook } = await startWithCommand();
    const { id } = await subscribe(client);
    await settledTypes();
    webhook.events.length = 0;
    await command({ object: "subscription", id, current_period_end: 5 });
    await command({ object: "subscription", id, current_period_end: 5 });
    const { items } = await client.subscriptions.retrieve(id);
    expect(items.data[0]?.current_period_end).toBe(5);
    const type = "customer.subscription.trial_will_end";
    await command({ object: "subscription", id, events: [type] });
    expect(await settledTypes()).toEqual(["customer.subscription.updated", type]);
    expect(webhook.events[1]?.data).not.toHaveProperty("previous_attributes");
  });

  it("changes one item of a subscription and keeps the others", async () => {
    const { client, command } = await startWithCommand();
    const { id, items: { data: [item] } } = await subscribe(client);
    await command({ object: "subscription", id, items: { data: [{ id: item?.id, quantity: 5 }] } });
    const { items } = await client.subscriptions.retrieve(id);
    expect(items.data).toEqual([{ ...item, quantity: 5 }]);
  });

  it("creates a paid invoice without a payment, with the events that it names", async () => {
    const { client, command, settledTypes, webhook } = await startWithCommand();
    const { id: customer } = await client.customers.create({});
    const { id } = await command({
      object: "invoice",
      customer,
      items: [{ price: MONTHLY }],
      status: "paid",
      amount_paid: 2000,
    });
    expect(await client.invoices.retrieve(String(id)))
      .toMatchObject({ status: "paid", total: 2000, customer });
    await command({ object: "invoice", id, total: 1, events: ["invoice.overpaid"] });
    expect((await settledTypes()).slice(1))
      .toEqual([
        "invoice.created",
        "invoice.paid",
        "invoice.payment_succeeded",
        "invoice.overpaid",
      ]);
    expect(webhook.events.at(-1)?.data.previous_attributes).toEqual({ total: 2000 });
  });

  it("creates a payment on its own", async () => {
    const { client, command, settledTypes } = await startWithCommand();
    const intent = await command({ object: "payment_intent", amount: 500, status: "succeeded" });
    const charge = await command({ object: "charge", amount: 500, payment_intent: intent.id });
    expect(await client.charges.retrieve(String(charge.id)))
      .toMatchObject({ amount: 500, status: "succeeded", payment_intent: intent.id });
    expect(await settledTypes())
      .toEqual(["payment_intent.created", "payment_intent.succeeded", "charge.succeeded"]);
  });

  it("creates a refund and a dispute of a charge", async () => {
    const emulator = await startWithCommand();
    const { client, command } = emulator;
    const { id: charge } = await command({ object: "charge", amount: 500 });
    await command({ object: "refund", id: "re_1", charge, amount: 100, status: "pending" });
    expect(await client.refunds.retrieve("re_1")).toMatchObject({ amount: 100, status: "pending" });
    expect(await client.charges.retrieve(String(charge))).toMatchObject({ amount_refunded: 100 });
    await command({ object: "dispute", id: "du_1", charge, amount: 400 });
    expect(await client.disputes.retrieve("du_1"))
      .toMatchObject({ amount: 400, reason: "fraudulent", status: "needs_response" });
    await command({ object: "dispute", id: "du_1", status: "won" });
    expect((await emulator.settledTypes()).at(-1)).toBe("charge.dispute.closed");
  });

  it.each([
    [{ object: "unicorn" }],
    [{}],
    [{ object: "balance_transaction" }],
    [{ object: "subscription", customer: "cus_x" }],
    [{ object: "charge", id: "ch_x", deleted: true }],
  ])("%o is refused", async (body) => {
    const { control } = await startEmulator();
    expect((await control("POST", "/objects", body)).status).toBe(400);
  });
});
