import { expect, test } from "vitest";
import { ProductsReply } from "../../../types/api.ts";
import { createTestClient, stack } from "../../helpers/stack.ts";

const get = (headers: Record<string, string> = {}) =>
  fetch(`${stack.FUNCTIONS_URL}/billing/products`, {
    headers: { apikey: stack.PUBLISHABLE_KEY, ...headers },
  });

test("the plans of a fresh stack can be listed without signing in", async () => {
  const { products } = ProductsReply.parse(await (await get()).json());
  // Other tests add products of their own.
  const seeded = products.filter(({ id }) => id.startsWith("prod_parley_"));
  expect(seeded).toMatchObject([
    { id: "prod_parley_credits_100", plan: null, tokens: 100, prices: [{ unit_amount: 1000 }] },
    {
      id: "prod_parley_pro",
      plan: "pro",
      tokens: null,
      prices: [
        { id: "price_parley_pro_monthly", trial_days: null },
        { id: "price_parley_pro_yearly", trial_days: 14, recurring_interval: "year" },
      ],
    },
    { id: "prod_parley_enterprise", plan: "enterprise" },
  ]);
});

test("the list may be cached for five minutes; an unchanged list is answered without a body", async () => {
  const first = await get();
  expect(first.headers.get("cache-control")).toBe("public, max-age=300");
  const etag = first.headers.get("etag") ?? "";
  const again = await get({ "if-none-match": etag });
  expect(again.status).toBe(304);
  expect(await again.text()).toBe("");
  expect((await get({ "if-none-match": '"other"' })).status).toBe(200);
});

test("anonymous callers read the catalogue through the REST API, too", async () => {
  const { data } = await createTestClient().from("stripe_prices").select(
    "id, stripe_products(plan)",
  )
    .eq("id", "price_parley_pro_monthly");
  expect(data).toEqual([{ id: "price_parley_pro_monthly", stripe_products: { plan: "pro" } }]);
});

test("a request without a key is refused", async () => {
  const response = await fetch(`${stack.FUNCTIONS_URL}/billing/products`);
  expect(response.status).toBe(401);
});
