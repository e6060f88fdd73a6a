import Stripe from "stripe";
import { describe, expect, it } from "vitest";
import { startEmulator, subscribe } from "../start-test-emulator.ts";
import { SECRET, startReceiver } from "./webhook-receiver.ts";

describe("an event", () => {
  it("has the SDK's API version and the previous attributes", async () => {
    const { client, webhook, settledTypes } = await startEmulator();
    const { id } = await client.customers.create({ name: "A", metadata: { a: "1", b: "2" } });
    await client.customers.update(id, { name: "B", metadata: { a: "", c: "3" } });
    await client.customers.update(id, { name: "B" });
    expect(await settledTypes()).toEqual(["customer.created", "customer.updated"]);
    expect(webhook.events[0]).toMatchObject({
      api_version: Stripe.API_VERSION,
      data: { object: { id, name: "A" } },
    });
    expect(webhook.events[0]?.data).not.toHaveProperty("previous_attributes");
    expect(webhook.events[1]?.data).toMatchObject({
      object: { name: "B", metadata: { b: "2", c: "3" } },
      previous_attributes: { name: "A", metadata: { a: "1", c: null } },
    });
  });

  it("can be read and listed, newest first", async () => {
    const { client, settledTypes, webhook } = await startEmulator();
    await client.customers.create({});
    await client.products.create({ name: "x" });
    await settledTypes();
    const { data } = await client.events.list();
    expect(data.map(({ type }) => type)).toEqual(["product.created", "customer.created"]);
    expect(data[0]).toEqual({ ...webhook.events[1], pending_webhooks: 0 });
    expect((await client.events.list({ type: "customer.created" })).data).toHaveLength(1);
    expect((await client.events.list({ types: ["x"] })).data).toHaveLength(0);
    expect(await client.events.retrieve(String(data[0]?.id))).toEqual(data[0]);
    await expect(client.events.retrieve("evt_x")).rejects.toMatchObject({ statusCode: 404 });
  });
});

describe("a webhook that refuses", () => {
  it("gets the event again, after later events", async () => {
    const { client, webhook, records } = await startEmulator({ retryDelaysMs: [40, 1] });
    webhook.refuse(500, 200, 503);
    await client.customers.create({});
    await client.products.create({ name: "x" });
    await expect.poll(webhook.types).toEqual([
      "customer.created",
      "product.created",
      "customer.created",
      "customer.created",
    ]);
    await expect.poll(records).toMatchObject([
      { type: "customer.created", state: "delivered", attempts: 3, last_status: 200 },
      { type: "product.created", state: "delivered", attempts: 1, last_status: 200 },
    ]);
  });

  it("gets no attempt after the last retry", async () => {
    const { client, webhook, records, settledTypes } = await startEmulator({
      retryDelaysMs: [1, 1],
    });
    webhook.refuse(500, 500, 418);
    await client.customers.create({});
    expect(await settledTypes()).toHaveLength(3);
    expect(await records()).toMatchObject([{ state: "failed", attempts: 3, last_status: 418 }]);
  });

  it("is unreachable: the event has no status", async () => {
    const { client, records, settledTypes } = await startEmulator({
      webhook: { url: "http://127.0.0.1:1/", secret: SECRET },
      retryDelaysMs: [],
    });
    await client.customers.create({});
    await settledTypes();
    expect(await records()).toMatchObject([{ state: "failed", attempts: 1, last_status: null }]);
  });

  it("has another secret: the event fails", async () => {
    const { url, events } = await startReceiver();
    const { client, records, settledTypes } = await startEmulator({
      webhook: { url, secret: "whsec_other" },
      retryDelaysMs: [],
    });
    await client.customers.create({});
    await settledTypes();
    expect(await records()).toMatchObject([{ state: "failed", last_status: 400 }]);
    expect(events).toEqual([]);
  });
});

describe("without a webhook", () => {
  it("events are created, but not sent", async () => {
    const { client, records } = await startEmulator({ webhook: undefined });
    await client.customers.create({});
    expect(await records()).toMatchObject([{ state: "unsent", attempts: 0, last_status: null }]);
  });
});

describe("hold", () => {
  it("holds events until each is delivered on command, in any order, any number of times", async () => {
    const { client, webhook, records, hold, control } = await startEmulator();
    await hold();
    const { id } = await client.customers.create({});
    await client.customers.update(id, { name: "B" });
    const [created, updated] = await records();
    expect([created?.state, updated?.state]).toEqual(["held", "held"]);
    await control("POST", `/events/${updated?.id}/deliver`);
    await control("POST", `/events/${created?.id}/deliver`, { times: 2 });
    expect(webhook.types()).toEqual(["customer.updated", "customer.created", "customer.created"]);
    expect(await records()).toMatchObject([
      { state: "delivered", attempts: 2 },
      { state: "delivered", attempts: 1 },
    ]);
  });

  it("ends for new events only", async () => {
    const { client, records, hold, control, settledTypes } = await startEmulator();
    await hold();
    await client.customers.create({});
    await control("PUT", "/delivery", { mode: "auto" });
    await client.products.create({ name: "x" });
    expect(await settledTypes()).toEqual(["product.created"]);
    expect(await records()).toMatchObject([{ state: "held" }, { state: "delivered" }]);
  });

  it("can deliver an event in the shape of an older API version", async () => {
    const { client, webhook, records, hold, control } = await startEmulator();
    await hold();
    const subscription = await subscribe(client);
    const item = subscription.items.data[0];
    for (const type of ["customer.subscription.created", "invoice.paid"]) {
      const record = (await records()).find((each) => each.type === type);
      await control("POST", `/events/${record?.id}/deliver`, { older_api_version: true });
    }
    expect(webhook.events).toMatchObject([
      {
        api_version: "2024-06-20",
        data: {
          object: {
            id: subscription.id,
            current_period_end: item?.current_period_end,
            items: { data: [{ id: item?.id }] },
          },
        },
      },
      {
        data: {
          object: {
            subscription: subscription.id,
            paid: true,
            lines: { data: [{ type: "subscription", price: { id: item?.price.id } }] },
          },
        },
      },
    ]);
    expect(webhook.events[0]?.data.object).not.toHaveProperty("items.data.0.current_period_end");
    expect(webhook.events[1]?.data.object).not.toHaveProperty("parent");
  });

  it("accepts only known modes, and only existing events are delivered", async () => {
    const { control } = await startEmulator();
    expect((await control("PUT", "/delivery", { mode: "drop" })).status).toBe(400);
    expect((await control("POST", "/events/evt_x/deliver")).status).toBe(404);
    expect((await control("POST", "/events/evt_x/deliver", { times: 0 })).status).toBe(400);
  });
});
