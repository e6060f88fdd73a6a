import Stripe from "stripe";
import { describe, expect, it } from "vitest";
import { connect, createPayer, startEmulator, subscribe } from "../start-test-emulator.ts";

const HTTP_CLIENTS = [
  ["Node's", () => Stripe.createNodeHttpClient()],
  ["fetch's", () => Stripe.createFetchHttpClient()],
] as const;

describe.each(HTTP_CLIENTS)("a client over %s HTTP", (_, createHttpClient) => {
  it("creates, reads, changes and deletes a customer", async () => {
    const { url } = await startEmulator();
    const { customers } = connect(url, { httpClient: createHttpClient() });
    const { id } = await customers.create({
      email: "ä+b@example.com",
      name: "A & B",
      metadata: { profile: "1", "dotted.key": "x" },
    });
    expect(id).toMatch(/^cus_[A-Za-z0-9]{24}$/);
    await customers.update(id, { name: "", metadata: { profile: "", plan: "pro" } });
    expect(await customers.retrieve(id)).toMatchObject({
      object: "customer",
      email: "ä+b@example.com",
      name: null,
      metadata: { "dotted.key": "x", plan: "pro" },
      livemode: false,
    });
    expect(await customers.retrieve(id)).not.toHaveProperty("metadata.profile");
    expect(await customers.del(id)).toEqual({ id, object: "customer", deleted: true });
    expect(await customers.retrieve(id)).toEqual({ id, object: "customer", deleted: true });
    await expect(customers.update(id, { name: "C" })).rejects.toMatchObject({ statusCode: 404 });
  });
});

describe("customers", () => {
  it("are listed by e-mail and by time", async () => {
    const { client, control } = await startEmulator();
    await client.customers.create({ email: "a@example.com" });
    await client.customers.create({ email: "b@example.com" });
    await control("POST", "/objects", { object: "customer", email: "a@example.com", created: 5 });
    const emailed = await client.customers.list({ email: "a@example.com" });
    expect(emailed.data).toHaveLength(2);
    expect((await client.customers.list({ created: { lt: 6 } })).data)
      .toMatchObject([{ email: "a@example.com", created: 5 }]);
    expect((await client.customers.list({ created: { gte: 6 } })).data).toHaveLength(2);
    expect((await client.customers.list({ created: 5 })).data).toHaveLength(1);
  });

  it("lose their subscriptions when they are deleted", async () => {
    const { client, settledTypes } = await startEmulator();
    const { id, customer } = await subscribe(client);
    await client.customers.del(String(customer));
    expect(await client.subscriptions.retrieve(id)).toMatchObject({ status: "canceled" });
    expect((await settledTypes()).slice(-2))
      .toEqual(["customer.subscription.deleted", "customer.deleted"]);
  });

  it("have payment methods of their own", async () => {
    const { client } = await startEmulator();
    const payer = await createPayer(client);
    const { data: [method] } = await client.paymentMethods.list({ customer: payer.id });
    expect(method).toMatchObject({ customer: payer.id, type: "card", card: { last4: "4242" } });
    expect(payer.invoice_settings.default_payment_method).toBe(method?.id);
    const other = await client.customers.create({});
    await expect(client.paymentMethods.attach(String(method?.id), { customer: other.id }))
      .rejects.toMatchObject({ statusCode: 400 });
    await client.paymentMethods.attach("pm_card_mastercard", { customer: other.id });
    expect((await client.customers.listPaymentMethods(other.id)).data)
      .toMatchObject([{ card: { brand: "mastercard" } }]);
  });
});
