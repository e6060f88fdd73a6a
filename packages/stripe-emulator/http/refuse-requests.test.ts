import { describe, expect, it } from "vitest";
import { UPSTREAM_MARKER } from "./fail-request.ts";
import { connect, MONTHLY, startEmulator } from "../start-test-emulator.ts";

describe("a key", () => {
  it("is required", async () => {
    const { url } = await startEmulator();
    const reply = await fetch(`${url}/v1/customers`);
    expect(reply.status).toBe(401);
    expect(reply.headers.get("request-id")).toMatch(/^req_/);
    expect(await reply.json()).toMatchObject({ error: { type: "invalid_request_error" } });
  });

  it.each(["pk_test_x", "nonsense", "sk_live_x"])("%s is none", async (key) => {
    const { url } = await startEmulator();
    await expect(connect(url, {}, key).customers.list()).rejects.toMatchObject({
      type: "StripeAuthenticationError",
      statusCode: 401,
    });
  });

  it("may come in basic authentication", async () => {
    const { url } = await startEmulator();
    const headers = { authorization: `Basic ${btoa("sk_test_x:")}` };
    expect((await fetch(`${url}/v1/customers`, { headers })).status).toBe(200);
  });
});

describe("an unknown id", () => {
  it("is answered with 404 when the path names it", async () => {
    const { client } = await startEmulator();
    await expect(client.customers.retrieve("cus_x")).rejects.toMatchObject({
      type: "StripeInvalidRequestError",
      statusCode: 404,
      code: "resource_missing",
      param: "id",
      message: "No such customer: 'cus_x'",
      doc_url: "https://stripe.com/docs/error-codes/resource-missing",
      requestId: expect.stringMatching(/^req_/),
    });
  });

  it("is answered with 400 when a parameter names it", async () => {
    const { client } = await startEmulator();
    const items = [{ price: MONTHLY }];
    await expect(client.subscriptions.create({ customer: "cus_x", items })).rejects.toMatchObject({
      statusCode: 400,
      code: "resource_missing",
      param: "customer",
    });
    const { id: customer } = await client.customers.create({});
    await expect(client.subscriptions.create({ customer, items: [{ price: "price_x" }] }))
      .rejects.toMatchObject({ param: "items[0][price]" });
  });
});

describe("a parameter", () => {
  it("must be known, also inside another", async () => {
    const { url } = await startEmulator();
    const post = (form: string) =>
      fetch(`${url}/v1/checkout/sessions`, {
        method: "POST",
        headers: {
          authorization: "Bearer sk_test_x",
          "content-type": "application/x-www-form-urlencoded",
        },
        body: `mode=payment&success_url=x&line_items[0][price]=y&${form}`,
      });
    for (const name of ["colour", "line_items[0][colour]"]) {
      const reply = await post(`${name}=red`);
      expect(reply.status).toBe(400);
      expect(await reply.json()).toMatchObject({
        error: { code: "parameter_unknown", param: name, message: expect.stringContaining(name) },
      });
    }
  });

  it("must be present if required, and have the right type", async () => {
    const { client } = await startEmulator();
    await expect(client.billingPortal.sessions.create({}))
      .rejects.toMatchObject({ code: "parameter_missing", param: "customer" });
    await expect(client.refunds.create({ charge: "ch_x", amount: 1.5 }))
      .rejects.toMatchObject({ statusCode: 400, param: "amount" });
    await expect(client.subscriptions.list({ customer: "" }))
      .rejects.toMatchObject({ code: "parameter_invalid_empty", param: "customer" });
  });
});

describe("the emulator", () => {
  it("supports only the API version of its SDK", async () => {
    const { url } = await startEmulator();
    const headers = { authorization: "Bearer sk_test_x", "stripe-version": "2024-06-20" };
    const reply = await fetch(`${url}/v1/customers`, { headers });
    expect(reply.status).toBe(400);
  });

  it("fails the commanded path the given number of times", async () => {
    const { client, behave } = await startEmulator();
    await behave({ fail: { path: "/v1/products", status: 429, retry_after: 3, times: 2 } });
    for (let attempt = 0; attempt < 2; attempt++) {
      await expect(client.products.list()).rejects.toMatchObject({
        type: "StripeRateLimitError",
        code: "rate_limit",
        headers: { "retry-after": "3" },
        message: expect.stringContaining(UPSTREAM_MARKER),
      });
    }
    await expect(client.products.list()).resolves.toMatchObject({ object: "list" });
  });

  it.each([[402, "StripeCardError"], [500, "StripeAPIError"]])(
    "fails with %i until it is told to stop",
    async (status, type) => {
      const { client, behave, control } = await startEmulator();
      await behave({ fail: { path: "/v1/products", status } });
      await expect(client.products.list()).rejects.toMatchObject({ type });
      await expect(client.products.list()).rejects.toMatchObject({ type });
      await expect(client.prices.list()).resolves.toMatchObject({ object: "list" });
      await control("DELETE", "/behaviour");
      await expect(client.products.list()).resolves.toMatchObject({ object: "list" });
    },
  );

  it("delays requests on command", async () => {
    const { client, behave } = await startEmulator();
    await behave({ delay_ms: 60 });
    const begun = performance.now();
    await client.products.list();
    expect(performance.now() - begun).toBeGreaterThanOrEqual(55);
  });

  it("refuses unknown behaviour", async () => {
    const { control } = await startEmulator();
    const reply = await control("PUT", "/behaviour", { speed: 1 });
    expect(reply.status).toBe(400);
    expect(await reply.json()).toMatchObject({ error: { code: "parameter_unknown" } });
  });
});
