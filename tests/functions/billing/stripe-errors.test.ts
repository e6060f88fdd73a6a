import { afterEach, expect, test } from "vitest";
import { createPayer, readProfile } from "../../helpers/billing.ts";
import { asPostgres, createUser, must } from "../../helpers/stack.ts";
import {
  behave,
  buy,
  command,
  deliver,
  delivered,
  eventsAbout,
  holdEvents,
  postBilling,
  postEvent,
  releaseEvents,
  stripe,
} from "../../helpers/stripe.ts";

afterEach(releaseEvents);

const urls = {
  success_url: "http://localhost:3000/done",
  cancel_url: "http://localhost:3000/plans",
};
const PRO = "price_parley_pro_monthly";

const ledger = (id: string) =>
  asPostgres("select status, error from stripe_events where id = $1", [id]);

/** Returns an event about an object that Stripe does not have. */
function buildEvent(type: string, object: object) {
  const id = `evt_${crypto.randomUUID().replaceAll("-", "")}`;
  return {
    id,
    object: "event",
    type,
    livemode: false,
    created: Math.floor(Date.now() / 1000),
    data: { object },
  };
}

test.for(
  [
    ["invoice.created", { id: "in_draft_that_was_deleted" }],
    ["customer.subscription.updated", { id: "sub_of_another_time" }],
    ["product.updated", { id: "prod_that_was_deleted" }],
    ["customer.updated", { id: "cus_that_was_lost" }],
  ] as const,
)("a late %s about an object that is gone is dropped", async ([type, object]) => {
  const event = buildEvent(type, object);
  const response = await postEvent(event);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ status: "dropped" });
  expect(await ledger(event.id)).toMatchObject([{ status: "dropped" }]);
});

test("an event of a subscription that Stripe cannot give now is not dropped", async () => {
  const payer = await createPayer();
  await holdEvents();
  const { id } = await stripe.subscriptions.create({
    customer: payer.customerId,
    items: [{ price: PRO }],
  });
  const [event] = await eventsAbout(id);
  await behave({ fail: { path: `/v1/subscriptions/${id}`, status: 401 } });
  expect(await deliver(event?.id ?? "")).toBe(500);
  expect(await ledger(event?.id ?? "")).toMatchObject([{ status: "failed" }]);
  expect(await asPostgres("select fix from private.stripe_problems where cause = 'key_rejected'"))
    .toEqual([{ fix: "Set STRIPE_SECRET_KEY to a valid secret key." }]);
  await asPostgres("delete from private.stripe_problems");
});

test("a customer that was deleted at Stripe is replaced at the next purchase", async () => {
  const user = await createUser();
  await buy(user, "price_parley_credits_100");
  const [old] = must(await user.client.from("stripe_customers").select("id"));
  await holdEvents();
  await stripe.customers.del(old?.id ?? "");
  await releaseEvents();
  await buy(user, PRO);
  const rows = must(await user.client.from("stripe_customers").select("id, is_deleted"));
  expect(rows.find(({ id }) => id === old?.id)?.is_deleted).toBe(true);
  const fresh = rows.find(({ is_deleted }) => !is_deleted);
  await delivered(fresh?.id ?? "");
  expect((await readProfile(user)).subscription_plan).toBe("pro");
});

test("a customer that Stripe has never heard of is replaced, too", async () => {
  const payer = await createPayer();
  await behave({
    fail: {
      path: `/v1/customers/${payer.customerId}`,
      status: 404,
      error: {
        type: "invalid_request_error",
        code: "resource_missing",
        param: "id",
        message: `No such customer: '${payer.customerId}'`,
      },
    },
  });
  await buy(payer, PRO);
  const { stripe_customer_id } = must(
    await payer.client.from("profiles").select("stripe_customer_id").single(),
  );
  expect(stripe_customer_id).not.toBe(payer.customerId);
});

const refusals = [
  [
    "/v1/checkout/sessions",
    400,
    "You cannot combine currencies on a single customer. This customer has an active subscription with currency eur.",
    409,
    "currency_conflict",
  ],
  [
    "/v1/checkout/sessions",
    401,
    "Invalid API Key provided: sk_test_***",
    503,
    "billing_misconfigured",
  ],
  [
    "/v1/billing_portal/sessions",
    400,
    "No configuration provided and your test mode default configuration has not been created.",
    503,
    "billing_misconfigured",
  ],
  [
    "/v1/checkout/sessions",
    403,
    "The provided key 'rk_test_***' does not have the required permissions for this endpoint on account 'acct_1'.",
    503,
    "billing_misconfigured",
  ],
  ["/v1/checkout/sessions", 500, "An error occurred.", 503, "stripe_unavailable"],
] as const;

test.for(refusals)("%s with %s %s is answered with %s %s", async (refusal) => {
  const [path, failure, message, status, code] = refusal;
  const payer = await createPayer();
  await behave({ fail: { path, status: failure, error: { message } } });
  const response = path.includes("portal")
    ? await postBilling("portal", payer, { return_url: urls.cancel_url })
    : await postBilling("checkout", payer, { price_id: PRO, ...urls });
  expect(response.status).toBe(status);
  const text = await response.text();
  expect(text).toContain(`"code":"${code}"`);
  expect(text).not.toContain(message);
  const problems = await asPostgres("select cause from private.stripe_problems");
  expect(problems).toHaveLength(code === "billing_misconfigured" ? 1 : 0);
  await asPostgres("delete from private.stripe_problems");
});

test("a deleted product does not come back by a late event", async () => {
  const product = await stripe.products.create({ name: "Short" });
  await delivered(product.id);
  await command({ object: "product", id: product.id, deleted: true });
  await expect.poll(() =>
    asPostgres("select is_deleted from stripe_products where id = $1", [product.id])
  ).toEqual([{ is_deleted: true }]);
  const response = await postEvent(buildEvent("product.updated", { id: product.id }));
  expect(response.status).toBe(200);
});
