import type Stripe from "stripe";
import { describe, expect, it } from "vitest";
import {
  MONTHLY,
  pass,
  periodOf,
  refer,
  startEmulator,
  subscribe,
  YEARLY,
} from "../start-test-emulator.ts";

const DAY = 86_400;

describe("a change", () => {
  it("of price and quantity shows in the subscription and in the next invoice", async () => {
    const { client, webhook, settledTypes, advance } = await startEmulator();
    const { id, items } = await subscribe(client);
    const item = refer(items.data[0]);
    const price = "price_parley_enterprise_monthly";
    await client.subscriptions.update(id, {
      items: [{ id: item, price, quantity: 3 }],
      metadata: { a: "1" },
      proration_behavior: "none",
    });
    expect(await client.subscriptions.retrieve(id)).toMatchObject({
      items: { data: [{ id: item, quantity: 3, price: { id: price }, plan: { id: price } }] },
    });
    expect((await settledTypes()).at(-1)).toBe("customer.subscription.updated");
    expect(webhook.events.at(-1)).toMatchObject({
      data: { previous_attributes: { metadata: { a: null }, items: { data: [{ quantity: 1 }] } } },
      request: { id: expect.stringMatching(/^req_/) },
    });
    await advance(id);
    const { data: [invoice] } = await client.invoices.list({ subscription: id });
    expect(invoice?.total).toBe(30_000);
    expect((await client.subscriptions.list({ price })).data).toHaveLength(1);
    expect((await client.subscriptions.list({ price: MONTHLY })).data).toHaveLength(0);
    expect((await client.subscriptionItems.list({ subscription: id })).data)
      .toMatchObject([{ id: item }]);
  });

  it("of the interval begins a new period at once", async () => {
    const { client } = await startEmulator();
    const before = await subscribe(client);
    const after = await client.subscriptions.update(before.id, {
      items: [{ id: refer(before.items.data[0]), price: YEARLY }],
      expand: ["latest_invoice"],
    });
    const [start, end] = periodOf(after);
    expect(end - start).toBeGreaterThanOrEqual(365 * DAY);
    expect(after.latest_invoice)
      .toMatchObject({ amount_paid: 20_000, billing_reason: "subscription_update" });
  });

  it("can add and remove items, but not mix intervals", async () => {
    const { client } = await startEmulator();
    const { id, items } = await subscribe(client);
    const update = (changes: Stripe.SubscriptionUpdateParams.Item[]) =>
      client.subscriptions.update(id, { items: changes });
    await expect(update([{ price: YEARLY }])).rejects.toThrow("same billing interval");
    await expect(update([{ id: "si_x", quantity: 2 }])).rejects.toThrow("si_x");
    await update([{ price: "price_parley_enterprise_monthly" }]);
    const changed = await update([{ id: refer(items.data[0]), deleted: true }]);
    expect(changed.items.data).toMatchObject([{
      price: { id: "price_parley_enterprise_monthly" },
    }]);
  });

  it("that pauses collection leaves the invoices unpaid", async () => {
    const { client, advance } = await startEmulator();
    const { id } = await subscribe(client);
    const statuses: unknown[] = [];
    for (const behavior of ["keep_as_draft", "void", "mark_uncollectible"] as const) {
      await client.subscriptions.update(id, { pause_collection: { behavior } });
      await advance(id);
      statuses.push((await client.invoices.list({ subscription: id })).data[0]?.status);
    }
    expect(statuses).toEqual(["draft", "void", "uncollectible"]);
    expect(await client.subscriptions.update(id, { pause_collection: "" }))
      .toMatchObject({ status: "active", pause_collection: null });
  });
});

describe("a cancellation", () => {
  it("at the end of the period takes effect then, not before", async () => {
    const emulator = await startEmulator();
    const { client } = emulator;
    const before = await subscribe(client);
    const planned = await client.subscriptions.update(before.id, {
      cancel_at_period_end: true,
      cancellation_details: { feedback: "unused", comment: "Bye" },
    });
    expect(planned).toMatchObject({
      status: "active",
      cancel_at: periodOf(before)[1],
      cancel_at_period_end: true,
      canceled_at: expect.any(Number),
      cancellation_details: {
        comment: "Bye",
        feedback: "unused",
        reason: "cancellation_requested",
      },
    });
    expect(await pass(emulator, before.id, [undefined])).toEqual(["canceled"]);
    expect(await client.subscriptions.retrieve(before.id)).toMatchObject({
      canceled_at: planned.canceled_at,
      ended_at: expect.any(Number),
    });
    expect((await client.invoices.list({ subscription: before.id })).data).toHaveLength(1);
    expect((await emulator.settledTypes()).at(-1)).toBe("customer.subscription.deleted");
  });

  it("can be withdrawn before that", async () => {
    const emulator = await startEmulator();
    const { client } = emulator;
    const { id } = await subscribe(client);
    await client.subscriptions.update(id, { cancel_at_period_end: true });
    expect(await client.subscriptions.update(id, { cancel_at_period_end: false }))
      .toMatchObject({
        cancel_at: null,
        canceled_at: null,
        cancellation_details: { reason: null },
      });
    expect(await pass(emulator, id, [undefined])).toEqual(["active"]);
  });

  it("at once is final", async () => {
    const { client, settledTypes } = await startEmulator();
    const { id, customer } = await subscribe(client);
    expect(await client.subscriptions.cancel(id, { cancellation_details: { comment: "Now" } }))
      .toMatchObject({ status: "canceled", cancellation_details: { comment: "Now" } });
    await expect(client.subscriptions.update(id, { cancel_at_period_end: true }))
      .rejects.toThrow("A canceled subscription");
    expect(await client.subscriptions.update(id, { metadata: { a: "1" } }))
      .toMatchObject({ status: "canceled", metadata: { a: "1" } });
    await expect(client.subscriptions.cancel(id)).rejects.toMatchObject({ statusCode: 404 });
    const list = (status?: "all" | "canceled") =>
      client.subscriptions.list({ customer: refer(customer), status });
    expect((await list()).data).toEqual([]);
    expect((await list("all")).data).toHaveLength(1);
    expect((await list("canceled")).data).toHaveLength(1);
    expect((await settledTypes()).slice(-2))
      .toEqual(["customer.subscription.deleted", "customer.subscription.updated"]);
  });
});
