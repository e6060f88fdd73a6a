import { expect, test } from "vitest";
import { ProductsReply } from "../../../types/api.ts";
import { asPostgres, createTestClient, createUser, stack } from "../../helpers/stack.ts";
import { delivered, postBilling, stripe } from "../../helpers/stripe.ts";

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

test("clients cannot read metadata and nicknames of the catalogue", async () => {
  const anonymous = createTestClient();
  for (const column of ["metadata", "nickname", "lookup_key"]) {
    const { error } = await anonymous.from("stripe_prices").select(column);
    expect(error?.code, column).toBe("42501");
  }
  expect((await anonymous.from("stripe_products").select("metadata")).error?.code).toBe("42501");
});

test("a price that is not listed cannot be seen, and cannot be bought by its id", async () => {
  const { id } = await stripe.prices.create({
    product: "prod_parley_pro",
    currency: "usd",
    unit_amount: 1,
    recurring: { interval: "month" },
  });
  await delivered(id);
  const listed = await (await get()).text();
  expect(listed).not.toContain(id);
  const response = await postBilling("checkout", await createUser(), {
    price_id: id,
    success_url: "http://localhost:3000/done",
    cancel_url: "http://localhost:3000/plans",
  });
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ code: "price_not_found" });

  await stripe.prices.update(id, { metadata: { listed: "true" } });
  await expect.poll(async () => await (await get()).text(), { timeout: 10_000 }).toContain(id);
  await stripe.prices.update(id, { active: false });
});

test("a product with an unknown plan is not sold, and its events are answered with 200", async () => {
  const { id } = await stripe.products.create({ name: "Gold", metadata: { plan: "gold" } });
  const price = await stripe.prices.create({
    product: id,
    currency: "usd",
    unit_amount: 1,
    recurring: { interval: "month" },
    metadata: { listed: "true" },
  });
  await delivered(id);
  await delivered(price.id);
  expect(await (await get()).text()).not.toContain(price.id);
  expect(
    await asPostgres("select value from private.catalogue_problems() where product_id = $1", [
      id,
    ]),
  ).toEqual([{ value: "gold" }]);
  await stripe.products.update(id, { active: false });
  await delivered(id);
});

test("a request without a key is refused", async () => {
  const response = await fetch(`${stack.FUNCTIONS_URL}/billing/products`);
  expect(response.status).toBe(401);
});
