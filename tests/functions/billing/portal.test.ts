import { afterEach, expect, test } from "vitest";
import { RedirectReply } from "../../../types/api.ts";
import { createPayer, readProfile } from "../../helpers/billing.ts";
import { createUser, must, type TestUser } from "../../helpers/stack.ts";
import { buy, delivered, postBilling, releaseEvents, stripe } from "../../helpers/stripe.ts";

afterEach(releaseEvents);

const return_url = "http://localhost:3000/plans";

/** Buys a plan. Returns Stripe's id of the subscription. */
async function subscribe(user: TestUser, price = "price_parley_pro_monthly"): Promise<string> {
  const session = await stripe.checkout.sessions.retrieve(await buy(user, price));
  const id = String(session.subscription);
  await delivered(id);
  return id;
}

/** Opens the portal and confirms its page as a customer does. */
async function confirm(user: TestUser, body: object, form: Record<string, string> = {}) {
  const response = await postBilling("portal", user, { return_url, ...body });
  expect(response.status).toBe(200);
  const { url } = RedirectReply.parse(await response.json());
  expect((await fetch(url)).status).toBe(200);
  const done = await fetch(url, {
    method: "POST",
    body: new URLSearchParams(form),
    redirect: "manual",
  });
  expect(done.headers.get("location")).toBe(return_url);
}

test("the portal changes a plan to the named price", async () => {
  const user = await createUser();
  const id = await subscribe(user);
  await confirm(user, { flow: "change", price_id: "price_parley_enterprise_monthly" });
  await delivered(id);
  await expect.poll(async () => (await readProfile(user)).subscription_plan).toBe("enterprise");
  const { data } = await stripe.subscriptions.list({
    customer: String((await stripe.subscriptions.retrieve(id)).customer),
    status: "all",
  });
  expect(data.map((each) => each.id)).toEqual([id]);
});

test("the portal lets the user choose a price", async () => {
  const user = await createUser();
  const id = await subscribe(user);
  await confirm(user, { flow: "change" }, { price: "price_parley_enterprise_monthly" });
  await delivered(id);
  await expect.poll(async () => (await readProfile(user)).subscription_plan).toBe("enterprise");
});

test("the portal cancels a plan at the end of its period", async () => {
  const user = await createUser();
  const id = await subscribe(user);
  await confirm(user, { flow: "cancel" });
  await delivered(id);
  await expect.poll(async () => {
    const row = await user.client.from("subscriptions").select("status, auto_renew").single();
    return must(row);
  }).toEqual({ status: "active", auto_renew: false });
  expect((await readProfile(user)).subscription_plan).toBe("pro");
});

test("the portal changes the card, also for a payer without a plan", async () => {
  const payer = await createPayer();
  const before = await stripe.customers.retrieve(payer.customerId);
  await confirm(payer, { flow: "payment_method" });
  const after = await stripe.customers.retrieve(payer.customerId);
  expect(after).not.toMatchObject({
    invoice_settings: "invoice_settings" in before ? before.invoice_settings : null,
  });
});

test.for(
  [
    [{ flow: "change" }, 404, "no_subscription"],
    [{ flow: "cancel" }, 404, "no_subscription"],
    [{ flow: "cancel", price_id: "price_parley_pro_monthly" }, 400, "invalid_request"],
    [{ flow: "pause" }, 400, "invalid_request"],
  ] as const,
)("without a plan, %o is refused with %s %s", async ([body, status, code]) => {
  const payer = await createPayer();
  const response = await postBilling("portal", payer, { return_url, ...body });
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ code });
});

test.for(
  [
    ["price_parley_pro_monthly", 409, "already_subscribed"],
    ["price_parley_credits_100", 404, "price_not_found"],
    ["price_unknown", 404, "price_not_found"],
  ] as const,
)("a change to %s is refused with %s %s", async ([price_id, status, code]) => {
  const user = await createUser();
  await subscribe(user);
  const response = await postBilling("portal", user, { return_url, flow: "change", price_id });
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ code });
});
