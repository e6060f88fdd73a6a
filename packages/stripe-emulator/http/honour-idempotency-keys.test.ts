import { describe, expect, it } from "vitest";
import { connect, createPayer, MONTHLY, startEmulator } from "../start-test-emulator.ts";

const KEY = { idempotencyKey: "key-1" };

describe("an idempotency key", () => {
  it("gets the same reply for the same request, and creates one object", async () => {
    const { client, objects, webhook, settledTypes } = await startEmulator();
    const first = await client.customers.create({ email: "a@example.com" }, KEY);
    const second = await client.customers.create({ email: "a@example.com" }, KEY);
    expect(second).toEqual(first);
    expect(first.lastResponse.headers["idempotent-replayed"]).toBeUndefined();
    expect(second.lastResponse.headers).toMatchObject({
      "idempotent-replayed": "true",
      "original-request": first.lastResponse.requestId,
    });
    expect((await objects()).customers).toHaveLength(1);
    expect(await settledTypes()).toEqual(["customer.created"]);
    expect(webhook.events[0]?.request)
      .toEqual({ id: first.lastResponse.requestId, idempotency_key: "key-1" });
  });

  it("is refused for other parameters and for another endpoint", async () => {
    const { client } = await startEmulator();
    await client.customers.create({ email: "a@example.com" }, KEY);
    await expect(client.customers.create({ email: "b@example.com" }, KEY)).rejects.toMatchObject({
      statusCode: 400,
      type: "StripeIdempotencyError",
      message: expect.stringContaining("same parameters"),
    });
    await expect(client.products.create({ name: "x" }, KEY)).rejects.toMatchObject({
      type: "StripeIdempotencyError",
      message: expect.stringContaining("('/v1/products' vs '/v1/customers')"),
    });
  });

  it("is refused while its request still runs", async () => {
    const { client, behave, requests, objects } = await startEmulator();
    await behave({ delay_ms: 250 });
    const first = client.customers.create({ name: "x" }, KEY);
    await expect.poll(async () => (await requests()).length).toBe(1);
    await expect(client.customers.create({ name: "x" }, KEY)).rejects.toMatchObject({
      statusCode: 409,
      code: "idempotency_key_in_use",
    });
    await first;
    expect((await objects()).customers).toHaveLength(1);
  });

  it("keeps a declined payment, but not a refused or failed request", async () => {
    const { client, behave } = await startEmulator();
    const { id: customer } = await createPayer(client, "pm_card_chargeCustomerFail");
    const { latest_invoice } = await client.subscriptions.create({
      customer,
      items: [{ price: MONTHLY }],
    });
    const invoice = String(latest_invoice);
    await expect(client.invoices.pay(invoice, {}, KEY)).rejects.toMatchObject({ statusCode: 402 });
    await expect(client.invoices.pay(invoice, {}, KEY)).rejects.toMatchObject({
      statusCode: 402,
      headers: { "idempotent-replayed": "true" },
    });
    const other = { idempotencyKey: "key-2" };
    await behave({ fail: { path: "/v1/customers", status: 500, times: 1 } });
    await expect(client.customers.create({}, other)).rejects.toMatchObject({ statusCode: 500 });
    await expect(client.customers.create({}, other)).resolves.toMatchObject({ object: "customer" });
  });

  it("lets a client that retries after a lost reply create one subscription", async () => {
    const { url, behave, objects } = await startEmulator();
    const client = connect(url, { maxNetworkRetries: 1 });
    const { id: customer } = await createPayer(client);
    const path = "/v1/subscriptions";
    await behave({ fail: { path, status: 503, times: 1, lose_reply: true } });
    await client.subscriptions.create({ customer, items: [{ price: MONTHLY }] });
    expect((await objects()).subscriptions).toHaveLength(1);
  });
});
