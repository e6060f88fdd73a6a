import { describe, expect, it } from "vitest";
import { pass, periodOf, refer, startEmulator, subscribe } from "../start-test-emulator.ts";

describe("a period", () => {
  it("is followed by the next one, with an invoice of its own", async () => {
    const emulator = await startEmulator();
    const { client, webhook } = emulator;
    const before = await subscribe(client);
    await emulator.settledTypes();
    webhook.events.length = 0;
    expect(await pass(emulator, before.id, [undefined])).toEqual(["active"]);
    const after = await client.subscriptions.retrieve(before.id, { expand: ["latest_invoice"] });
    expect(periodOf(after)[0]).toBe(periodOf(before)[1]);
    expect(after.latest_invoice).toMatchObject({
      billing_reason: "subscription_cycle",
      status: "paid",
      lines: { data: [{ period: { start: periodOf(after)[0], end: periodOf(after)[1] } }] },
    });
    const invoices = await client.invoices.list({ subscription: before.id });
    expect(invoices.data).toHaveLength(2);
    expect(await emulator.settledTypes()).toEqual([
      "customer.subscription.updated",
      "invoice.created",
      "invoice.finalized",
      "payment_intent.created",
      "charge.succeeded",
      "payment_intent.succeeded",
      "invoice.paid",
      "invoice.payment_succeeded",
      "invoice_payment.paid",
    ]);
    expect(webhook.events[0]?.data.previous_attributes).toEqual({
      items: { data: before.items.data.map((item) => JSON.parse(JSON.stringify(item))) },
    });
  });

  it("returns to its first day of the month after a short month", async () => {
    const { client, control, advance } = await startEmulator();
    const { id } = await subscribe(client);
    const [start, end] = [Date.UTC(2027, 0, 31) / 1000, Date.UTC(2027, 1, 28) / 1000];
    await control("POST", "/objects", {
      object: "subscription",
      id,
      billing_cycle_anchor: start,
      current_period_start: start,
      current_period_end: end,
    });
    await advance(id);
    expect(periodOf(await client.subscriptions.retrieve(id)))
      .toEqual([end, Date.UTC(2027, 2, 31) / 1000]);
  });
});

describe("a payment that fails", () => {
  it("makes a subscription past due, and paying makes it active again", async () => {
    const emulator = await startEmulator();
    const { client } = emulator;
    const { id } = await subscribe(client);
    await emulator.settledTypes();
    emulator.webhook.events.length = 0;
    expect(await pass(emulator, id, ["failed"])).toEqual(["past_due"]);
    expect(await emulator.settledTypes()).toEqual([
      "customer.subscription.updated",
      "invoice.created",
      "invoice.finalized",
      "payment_intent.created",
      "charge.failed",
      "payment_intent.payment_failed",
      "invoice.updated",
      "invoice.payment_failed",
      "customer.subscription.updated",
    ]);
    const { data: [invoice] } = await client.invoices.list({ subscription: id });
    expect(invoice).toMatchObject({ status: "open", attempt_count: 1 });
    expect(invoice?.next_payment_attempt).toBeGreaterThan(0);
    expect(await pass(emulator, id, ["succeeded"])).toEqual(["active"]);
    const { data: [retried] } = await client.invoices.list({ subscription: id });
    expect(retried).toMatchObject({ id: invoice?.id, status: "paid", attempt_count: 2 });
  });

  it("ends a subscription after the last attempt", async () => {
    const emulator = await startEmulator();
    const { id } = await subscribe(emulator.client);
    expect(await pass(emulator, id, ["failed", "failed", "failed", "failed"]))
      .toEqual(["past_due", "past_due", "past_due", "canceled"]);
    expect(await emulator.client.subscriptions.retrieve(id))
      .toMatchObject({ cancellation_details: { reason: "payment_failed" } });
    expect((await emulator.settledTypes()).at(-1)).toBe("customer.subscription.deleted");
  });

  it("leaves a subscription unpaid on command, until it is paid", async () => {
    const emulator = await startEmulator();
    const { client, behave } = emulator;
    await behave({ after_retries: "unpaid" });
    const { id } = await subscribe(client);
    const statuses = await pass(emulator, id, ["failed", "failed", "failed", "failed", undefined]);
    expect(statuses.slice(-2)).toEqual(["unpaid", "unpaid"]);
    const { data: [draft, open] } = await client.invoices.list({ subscription: id });
    expect([draft?.status, open?.status]).toEqual(["draft", "open"]);
    await client.invoices.pay(refer(open));
    expect(await client.subscriptions.retrieve(id)).toMatchObject({ status: "active" });
  });
});
