import { describe, expect, it } from "vitest";
import { createPayer, MONTHLY, refer, startEmulator, subscribe } from "../start-test-emulator.ts";

describe("an open invoice", () => {
  it("is not paid with a declined card, but with a valid one", async () => {
    const { client } = await startEmulator();
    const card = "pm_card_visa_chargeDeclinedInsufficientFunds";
    const { latest_invoice } = await subscribe(client, {}, card);
    const id = refer(latest_invoice);
    await expect(client.invoices.pay(id)).rejects.toMatchObject({
      type: "StripeCardError",
      statusCode: 402,
      code: "card_declined",
      decline_code: "insufficient_funds",
      payment_intent: { last_payment_error: { decline_code: "insufficient_funds" } },
    });
    expect(await client.invoices.retrieve(id)).toMatchObject({ status: "open", attempt_count: 2 });
    const paid = await client.invoices.pay(id, {
      payment_method: "pm_card_mastercard",
      expand: ["payments.data.payment.payment_intent"],
    });
    expect(paid).toMatchObject({ status: "paid", amount_remaining: 0 });
    const intent = paid.payments?.data[0]?.payment.payment_intent;
    expect(await client.paymentIntents.retrieve(refer(intent), { expand: ["payment_method"] }))
      .toMatchObject({ payment_method: { card: { brand: "mastercard" } } });
    await expect(client.invoices.pay(id)).rejects.toMatchObject({ code: "invoice_already_paid" });
  });

  it("is paid by several PaymentIntents", async () => {
    const { client } = await startEmulator();
    const { id, customer, latest_invoice } = await subscribe(client, {
      payment_behavior: "default_incomplete",
    });
    const invoiceId = refer(latest_invoice);
    const { amount_due } = await client.invoices.retrieve(invoiceId);
    const { id: part } = await client.paymentIntents.create({
      amount: 500,
      currency: "usd",
      customer: refer(customer),
      payment_method: "pm_card_visa",
      confirm: true,
    });
    expect(await client.invoices.attachPayment(invoiceId, { payment_intent: part }))
      .toMatchObject({ status: "open", amount_paid: 500, amount_remaining: amount_due - 500 });
    expect(await client.subscriptions.retrieve(id)).toMatchObject({ status: "incomplete" });
    const paid = await client.invoices.pay(invoiceId, {
      payment_method: "pm_card_visa",
      expand: ["payments"],
    });
    expect(paid).toMatchObject({ status: "paid", amount_paid: amount_due, amount_remaining: 0 });
    expect(paid.payments?.data).toMatchObject([
      { amount_paid: amount_due - 500, is_default: true, status: "paid" },
      { amount_paid: 500, is_default: false, status: "paid" },
    ]);
    expect(await client.subscriptions.retrieve(id)).toMatchObject({ status: "active" });
  });

  it("waits for a customer who must authenticate", async () => {
    const { client, settledTypes } = await startEmulator();
    const { id, status, latest_invoice } = await subscribe(
      client,
      {},
      "pm_card_authenticationRequired",
    );
    expect(status).toBe("incomplete");
    const { payments } = await client.invoices.retrieve(refer(latest_invoice), {
      expand: ["payments.data.payment.payment_intent"],
    });
    const intent = payments?.data[0]?.payment.payment_intent;
    expect(intent).toMatchObject({
      status: "requires_action",
      next_action: { type: "use_stripe_sdk" },
    });
    expect(await settledTypes()).toEqual(expect.arrayContaining([
      "payment_intent.requires_action",
      "invoice.payment_action_required",
    ]));
    await client.paymentIntents.confirm(refer(intent));
    expect(await client.subscriptions.retrieve(id)).toMatchObject({ status: "active" });
  });

  it("can be paid out of band, and then has no charge", async () => {
    const { client } = await startEmulator();
    const { latest_invoice } = await subscribe(client, { payment_behavior: "default_incomplete" });
    expect(await client.invoices.pay(refer(latest_invoice), { paid_out_of_band: true }))
      .toMatchObject({ status: "paid" });
    expect((await client.charges.list()).data).toEqual([]);
  });

  it("can be voided, and then not be paid", async () => {
    const { client, settledTypes } = await startEmulator();
    const { latest_invoice } = await subscribe(client, { payment_behavior: "default_incomplete" });
    const id = refer(latest_invoice);
    expect(await client.invoices.voidInvoice(id)).toMatchObject({ status: "void" });
    await expect(client.invoices.pay(id)).rejects.toMatchObject({ statusCode: 400 });
    await expect(client.invoices.voidInvoice(id)).rejects.toMatchObject({ statusCode: 400 });
    expect((await client.invoicePayments.list({ invoice: id })).data)
      .toMatchObject([{ status: "canceled" }]);
    expect((await settledTypes()).slice(-2)).toEqual(["payment_intent.canceled", "invoice.voided"]);
  });
});

describe("a PaymentIntent", () => {
  it("is confirmed with a card, and once only", async () => {
    const { client } = await startEmulator();
    const subscription = await subscribe(client, { payment_behavior: "default_incomplete" });
    const { data: [intent] } = await client.paymentIntents.list({
      customer: refer(subscription.customer),
    });
    const confirm = (payment_method: string) =>
      client.paymentIntents.confirm(refer(intent), { payment_method });
    await expect(confirm("pm_card_chargeCustomerFail")).rejects.toMatchObject({
      statusCode: 402,
      decline_code: "generic_decline",
    });
    expect(await confirm("pm_card_visa")).toMatchObject({ status: "succeeded" });
    await expect(confirm("pm_card_visa")).rejects.toMatchObject({
      code: "payment_intent_unexpected_state",
    });
    expect(await client.subscriptions.retrieve(subscription.id)).toMatchObject({
      status: "active",
    });
  });
});

describe("invoices", () => {
  it("are listed by customer, subscription, status and time", async () => {
    const { client } = await startEmulator();
    const payer = await createPayer(client);
    const items = [{ price: MONTHLY }];
    const { id } = await client.subscriptions.create({ customer: payer.id, items });
    await subscribe(client, { payment_behavior: "default_incomplete" });
    const count = async (params: Parameters<typeof client.invoices.list>[0]) =>
      (await client.invoices.list(params)).data.length;
    expect(await count({})).toBe(2);
    expect(await count({ customer: payer.id })).toBe(1);
    expect(await count({ subscription: id })).toBe(1);
    expect(await count({ status: "open" })).toBe(1);
    expect(await count({ created: { gte: Math.floor(Date.now() / 1000) + 60 } })).toBe(0);
    const { data: [invoice] } = await client.invoices.list({ customer: payer.id });
    expect(invoice?.number).toBe(`${payer.invoice_prefix}-0001`);
    expect((await client.invoices.listLineItems(refer(invoice))).data).toEqual(invoice?.lines.data);
  });
});

describe("expand", () => {
  it("goes four levels deep, including the data of a list", async () => {
    const { client } = await startEmulator();
    await subscribe(client);
    const { data: [subscription] } = await client.subscriptions.list({
      expand: ["data.items.data.price", "data.latest_invoice.lines", "data.customer"],
    });
    expect(subscription).toMatchObject({
      customer: { object: "customer" },
      latest_invoice: { object: "invoice" },
    });
    await expect(client.subscriptions.list({ expand: ["data.items.data.price.product"] }))
      .rejects.toMatchObject({ statusCode: 400, code: "property_expansion_max_depth" });
  });

  it.each(["colour", "status", "data.customer"])("refuses %s of a subscription", async (path) => {
    const { client } = await startEmulator();
    const { id } = await subscribe(client);
    await expect(client.subscriptions.retrieve(id, { expand: [path] }))
      .rejects.toMatchObject({ message: `This property cannot be expanded (${path}).` });
  });
});
