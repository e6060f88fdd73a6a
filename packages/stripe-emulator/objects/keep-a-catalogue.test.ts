import Stripe from "stripe";
import { describe, expect, it } from "vitest";
import { CREDITS, MONTHLY, startEmulator, subscribe, YEARLY } from "../start-test-emulator.ts";

describe("the catalogue", () => {
  it("exists from the start, with ids that never change", async () => {
    const { client, settledTypes } = await startEmulator();
    const prices = await client.prices.list({ active: true, expand: ["data.product"] });
    expect(prices.data.toReversed()).toMatchObject([
      { id: MONTHLY, unit_amount: 2000, recurring: { interval: "month" } },
      { id: YEARLY, unit_amount: 20_000, recurring: { interval: "year" } },
      { id: "price_parley_enterprise_monthly", product: { metadata: { plan: "enterprise" } } },
      { id: CREDITS, type: "one_time", recurring: null, product: { metadata: { tokens: "100" } } },
    ]);
    expect(prices.data.find(({ id }) => id === YEARLY)).toMatchObject({
      metadata: { trial_days: "14" },
      product: { id: "prod_parley_pro", metadata: { plan: "pro" } },
      unit_amount_decimal: Stripe.Decimal.from(20_000),
    });
    expect(await settledTypes()).toEqual([]);
  });

  it("grows and changes", async () => {
    const { client, settledTypes } = await startEmulator();
    const { id: product } = await client.products.create({ name: "Team", metadata: { plan: "x" } });
    const price = await client.prices.create({
      product,
      currency: "eur",
      unit_amount: 500,
      recurring: { interval: "week", interval_count: 2 },
      lookup_key: "team",
    });
    await client.products.update(product, { active: false, description: "Gone" });
    await client.prices.update(price.id, { active: false });
    expect(await client.products.retrieve(product)).toMatchObject({
      active: false,
      description: "Gone",
      metadata: { plan: "x" },
    });
    expect((await client.prices.list({ product, active: false })).data).toMatchObject([
      { id: price.id, currency: "eur", recurring: { interval: "week", interval_count: 2 } },
    ]);
    expect((await client.prices.list({ lookup_keys: ["team"] })).data).toHaveLength(1);
    expect((await client.products.list({ active: true })).data).toHaveLength(3);
    expect(await settledTypes()).toEqual([
      "product.created",
      "price.created",
      "product.updated",
      "price.updated",
    ]);
  });

  it("shows a changed price in its subscriptions", async () => {
    const { client } = await startEmulator();
    const { id } = await subscribe(client);
    await client.prices.update(MONTHLY, { metadata: { note: "new" } });
    const { items } = await client.subscriptions.retrieve(id);
    expect(items.data[0]?.price.metadata).toMatchObject({ note: "new" });
  });

  it("loses a price that a command deletes", async () => {
    const { client, control, settledTypes } = await startEmulator();
    await control("POST", "/objects", { object: "price", id: CREDITS, deleted: true });
    await expect(client.prices.retrieve(CREDITS)).rejects.toMatchObject({ statusCode: 404 });
    expect(await settledTypes()).toEqual(["price.deleted"]);
  });
});
