import { expect, it } from "vitest";
import {
  createPayer,
  CREDITS,
  type Emulator,
  MONTHLY,
  pass,
  refer,
  startEmulator,
  subscribe,
} from "../start-test-emulator.ts";

const done = { success_url: "https://app.example.com/done" };

async function addCode({ client }: Emulator, duration: "forever" | "once") {
  const coupon = await client.coupons.create({ percent_off: 25, duration });
  await client.promotionCodes.create({
    promotion: { type: "coupon", coupon: coupon.id },
    code: "SPRING",
  });
}

it.for([["once", 2200], ["forever", 1650]] as const)(
  "takes a promotion code %s, and adds tax to what is left",
  async ([duration, renewed]) => {
    const emulator = await startEmulator();
    const { client } = emulator;
    await addCode(emulator, duration);
    const { id: customer } = await createPayer(client);
    const { id } = await client.checkout.sessions.create({
      ...done,
      mode: "subscription",
      customer,
      customer_update: { address: "auto" },
      line_items: [{ price: MONTHLY, quantity: 1 }],
      allow_promotion_codes: true,
      automatic_tax: { enabled: true },
    });
    await emulator.complete(id, undefined, { promotion_code: "spring" });
    const session = await client.checkout.sessions.retrieve(id);
    expect(session).toMatchObject({
      status: "complete",
      amount_total: 1650,
      total_details: { amount_discount: 500, amount_tax: 150 },
    });
    const first = await client.invoices.retrieve(refer(session.invoice));
    expect(first).toMatchObject({
      subtotal: 2000,
      total: 1650,
      amount_paid: 1650,
      discounts: [expect.stringMatching(/^di_/)],
      total_taxes: [{ amount: 150, taxable_amount: 1500 }],
    });
    const subscription = refer(session.subscription);
    await pass(emulator, subscription, ["succeeded"]);
    const { latest_invoice } = await client.subscriptions.retrieve(subscription);
    expect((await client.invoices.retrieve(refer(latest_invoice))).total).toBe(renewed);
  },
);

it("sells as many as the customer chooses, up to the maximum, and asks for answers", async () => {
  const emulator = await startEmulator();
  const { client, complete } = emulator;
  const { id } = await client.checkout.sessions.create({
    ...done,
    mode: "payment",
    line_items: [{
      price: CREDITS,
      quantity: 1,
      adjustable_quantity: { enabled: true, minimum: 1, maximum: 5 },
    }],
    custom_fields: [{ key: "vat", label: { type: "custom", custom: "VAT" }, type: "text" }],
  });
  const custom_fields = { vat: "DE1" };
  expect((await complete(id, undefined, { quantity: 6, custom_fields })).status).toBe(400);
  expect((await complete(id, undefined, { quantity: 5 })).status).toBe(400);
  expect((await complete(id, undefined, { quantity: 5, promotion_code: "X" })).status).toBe(400);
  await complete(id, undefined, { quantity: 5, custom_fields });
  expect(await client.checkout.sessions.retrieve(id)).toMatchObject({
    status: "complete",
    amount_total: 5000,
    custom_fields: [{ key: "vat", text: { value: "DE1" } }],
  });
});

it("refuses a second currency and a tax without an address", async () => {
  const { client } = await startEmulator();
  const { customer } = await subscribe(client);
  const euro = await client.prices.create({
    product: "prod_parley_pro",
    currency: "eur",
    unit_amount: 1000,
    recurring: { interval: "month" },
  });
  const session = {
    ...done,
    mode: "subscription",
    customer: refer(customer),
    line_items: [{ price: euro.id, quantity: 1 }],
  };
  await expect(client.checkout.sessions.create(session)).rejects.toThrow("combine currencies");
  await expect(client.subscriptions.create({
    customer: refer(customer),
    items: [{ price: euro.id }],
  })).rejects.toThrow("combine currencies");
  const dollars = [{ price: MONTHLY, quantity: 1 }];
  await expect(client.checkout.sessions.create({
    ...session,
    line_items: dollars,
    automatic_tax: { enabled: true },
  })).rejects.toMatchObject({ code: "customer_tax_location_invalid" });
});

it("makes a deleted customer again", async () => {
  const { client, control } = await startEmulator();
  const { id } = await createPayer(client);
  await client.customers.del(id);
  expect(await client.customers.retrieve(id)).toMatchObject({ deleted: true });
  await control("POST", "/objects", { object: "customer", id, email: "again@example.com" });
  expect(await client.customers.retrieve(id)).toMatchObject({ email: "again@example.com" });
});
