import { afterEach, expect, test } from "vitest";
import { asPostgres, createUser, must } from "../../helpers/stack.ts";
import { buy, delivered, postBilling, releaseEvents, stripe } from "../../helpers/stripe.ts";

afterEach(releaseEvents);

const urls = {
  success_url: "http://localhost:3000/done",
  cancel_url: "http://localhost:3000/plans",
};

test("two checkouts at once make one customer", async () => {
  const user = await createUser();
  const body = { price_id: "price_parley_pro_monthly", ...urls };
  const answers = await Promise.all([1, 2, 3].map(() => postBilling("checkout", user, body)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);

  const { data } = await stripe.customers.list({ email: user.email });
  const rows = must(await user.client.from("stripe_customers").select("id"));
  const profile = must(await user.client.from("profiles").select("stripe_customer_id").single());
  expect(data.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
  expect(rows).toEqual([{ id: profile.stripe_customer_id }]);
});

test("a trial that a client asks for has no effect", async () => {
  const user = await createUser();
  const response = await postBilling("checkout", user, {
    price_id: "price_parley_pro_monthly",
    ...urls,
    trial_days: 365,
    trial_period_days: 365,
    subscription_data: { trial_period_days: 365 },
    customer: "cus_other",
  });
  expect(response.status).toBe(200);
  await buy(user, "price_parley_pro_monthly");
  const { data } = await stripe.customers.list({ email: user.email });
  await delivered(data[0]?.id ?? "");
  expect(must(await user.client.from("subscriptions").select().single())).toMatchObject({
    status: "active",
    trial_end: null,
  });
});

test("a price's trial is only for users who have never subscribed", async () => {
  const user = await createUser();
  const statusOfLatest = async () => {
    const { data } = await stripe.customers.list({ email: user.email });
    await delivered(data[0]?.id ?? "");
    const query = user.client.from("subscriptions").select("stripe_subscription_id, status");
    return must(await query.order("started_at", { ascending: false }).limit(1).single());
  };
  await buy(user, "price_parley_pro_yearly");
  const trial = await statusOfLatest();
  expect(trial.status).toBe("trialing");

  await stripe.subscriptions.cancel(trial.stripe_subscription_id);
  await buy(user, "price_parley_pro_yearly");
  const all = must(await user.client.from("subscriptions").select("status"));
  await statusOfLatest();
  const after = must(await user.client.from("subscriptions").select("status"));
  expect(all.length).toBeLessThanOrEqual(after.length);
  expect(after.map(({ status }) => status).sort()).toEqual(["active", "canceled"]);
});

test.for([
  ["https://evil.example/", "another site"],
  ["http://localhost.evil.example/", "a name that begins alike"],
  ["http://localhost@evil.example/", "a user name that looks alike"],
  ["javascript:alert(1)", "a script"],
])("%s is refused as a redirect address: %s", async ([url]) => {
  const user = await createUser();
  const price_id = "price_parley_pro_monthly";
  for (const body of [{ ...urls, success_url: url }, { ...urls, cancel_url: url }]) {
    const response = await postBilling("checkout", user, { price_id, ...body });
    expect(response.status).toBe(400);
  }
  expect((await postBilling("portal", user, { return_url: url })).status).toBe(400);
  expect((await stripe.customers.list({ email: user.email })).data).toEqual([]);
});

test.for(["price_unknown", "price_sleeping"])("%s is not for sale", async (price_id) => {
  await asPostgres(
    `insert into stripe_prices (id, product_id, is_active) values ('price_sleeping', 'prod_parley_pro', false)
     on conflict do nothing`,
  );
  const response = await postBilling("checkout", await createUser(), { price_id, ...urls });
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ code: "price_not_found" });
});

test("a blocked account cannot buy, but may still cancel", async () => {
  const user = await createUser();
  await buy(user, "price_parley_pro_monthly");
  await asPostgres("update profiles set role = 'banned' where id = $1", [user.profileId]);
  const body = { price_id: "price_parley_pro_monthly", ...urls };
  const refused = await postBilling("checkout", user, body);
  expect(refused.status).toBe(403);
  expect(await refused.json()).toMatchObject({ code: "account_blocked" });
  const portal = await postBilling("portal", user, { return_url: urls.cancel_url });
  expect(portal.status).toBe(200);
});

test("the portal is refused to users without a customer", async () => {
  const response = await postBilling("portal", await createUser(), { return_url: urls.cancel_url });
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ code: "no_customer" });
});
