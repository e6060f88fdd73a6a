import { expect, test } from "vitest";
import { createStripe, readRate } from "../../../functions/_shared/stripe/client.ts";
import { startEmulator } from "../../../packages/stripe-emulator/start-test-emulator.ts";

const LIMIT = 10;

/** Returns the client of the functions with its limit. Without a rate it has none. */
const connect = (url: string, rate?: number) =>
  createStripe({
    STRIPE_SECRET_KEY: "sk_test_x",
    STRIPE_API_URL: url,
    STRIPE_REQUESTS_PER_SECOND: rate,
  });

test("requests above Stripe's limit are sent again until they succeed", async () => {
  const { url, behave, counts } = await startEmulator();
  await behave({ rate_limit: LIMIT });
  const stripe = connect(url);
  const listed = await Promise.all(Array.from({ length: 2 * LIMIT }, () => stripe.products.list()));
  expect(listed).toHaveLength(2 * LIMIT);
  const { total, limited } = await counts();
  expect(limited).toBeGreaterThan(0);
  expect(total - limited).toBe(2 * LIMIT);
});

test("the clients of a process share one limit, so that Stripe refuses nothing", async () => {
  const { url, behave, counts } = await startEmulator();
  await behave({ rate_limit: LIMIT });
  const clients = [connect(url, LIMIT / 2), connect(url, LIMIT / 2)];
  await Promise.all(
    Array.from({ length: LIMIT }, () => clients.map((stripe) => stripe.products.list())).flat(),
  );
  expect(await counts()).toMatchObject({ total: 2 * LIMIT, limited: 0 });
});

test("a lock timeout is waited out, and another error is not", async () => {
  const { url, behave, counts } = await startEmulator();
  const stripe = connect(url);
  const path = "/v1/products";
  await behave({ fail: { path, status: 429, code: "lock_timeout", times: 1 } });
  await expect(stripe.products.list()).resolves.toMatchObject({ object: "list" });
  expect(await counts()).toMatchObject({ total: 2, limited: 1 });
  await behave({ fail: { path, status: 400 } });
  await expect(stripe.products.list()).rejects.toMatchObject({ statusCode: 400 });
  expect(await counts()).toMatchObject({ total: 3 });
});

test.for(
  [
    ["sk_live_1", "https://api.stripe.com", undefined, 80],
    ["rk_test_1", "https://api.stripe.com", undefined, 20],
    ["sk_live_1", "https://api.stripe.com", 5, 5],
    ["sk_test_1", "http://127.0.0.1:54332", undefined, null],
  ] as const,
)("with %s at %s and the setting %s the rate is %s", ([key, url, setting, rate]) => {
  const access = {
    STRIPE_SECRET_KEY: key,
    STRIPE_API_URL: url,
    STRIPE_REQUESTS_PER_SECOND: setting,
  };
  expect(readRate(access)).toBe(rate);
});
