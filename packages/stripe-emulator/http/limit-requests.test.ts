import { describe, expect, it } from "vitest";
import { connect, startEmulator } from "../start-test-emulator.ts";

describe("the rate limit", () => {
  it("is off by default", async () => {
    const { client, counts } = await startEmulator();
    await Promise.all(Array.from({ length: 40 }, () => client.products.list()));
    expect(await counts()).toMatchObject({ total: 40, limited: 0 });
  });

  it("refuses the requests of a second above it, as Stripe does", async () => {
    const { client, behave, counts } = await startEmulator();
    await behave({ rate_limit: 5 });
    const ended = await Promise.allSettled(
      Array.from({ length: 30 }, () => client.products.list()),
    );
    const refused = ended.filter(({ status }) => status === "rejected");
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]).toMatchObject({
      reason: {
        type: "StripeRateLimitError",
        statusCode: 429,
        code: "rate_limit",
        headers: expect.not.objectContaining({ "stripe-should-retry": expect.anything() }),
      },
    });
    const limited = refused.length;
    expect(await counts()).toEqual({ total: 30, limited, kinds: { "GET /v1/products": 30 } });
    await expect.poll(() => client.products.list().then(() => true, () => false)).toBe(true);
  });
});

it("a lock timeout asks the client to repeat the request", async () => {
  const { url, behave, counts } = await startEmulator();
  await behave({ fail: { path: "/v1/products", status: 429, code: "lock_timeout", times: 1 } });
  await expect(connect(url, { maxNetworkRetries: 1 }).products.list()).resolves.toMatchObject({
    object: "list",
  });
  expect(await counts()).toMatchObject({ total: 2, limited: 1 });
});

it("requests are counted by kind, without their ids", async () => {
  const { client, counts } = await startEmulator();
  const { id } = await client.customers.create({});
  await client.customers.retrieve(id, { expand: ["subscriptions"] });
  await client.customers.retrieve(id);
  expect((await counts()).kinds).toEqual({ "POST /v1/customers": 1, "GET /v1/customers/:id": 2 });
});
