import { afterEach, expect, test } from "vitest";
import { RedirectReply } from "../../../types/api.ts";
import { createPayer } from "../../helpers/billing.ts";
import { asPostgres, createUser, type TestUser } from "../../helpers/stack.ts";
import {
  buy,
  delivered,
  holdEvents,
  postBilling,
  releaseEvents,
  stripe,
} from "../../helpers/stripe.ts";

afterEach(releaseEvents);

const urls = {
  success_url: "http://localhost:3000/done",
  cancel_url: "http://localhost:3000/plans",
};
const PRO = "price_parley_pro_monthly";
const ENTERPRISE = "price_parley_enterprise_monthly";

const checkOut = (user: TestUser, price_id: string) =>
  postBilling("checkout", user, { price_id, ...urls });

async function openSession(user: TestUser, price_id: string): Promise<string> {
  const { url } = RedirectReply.parse(await (await checkOut(user, price_id)).json());
  return new URL(url).pathname.split("/").at(-1) ?? "";
}

const statusOf = async (id: string) => (await stripe.checkout.sessions.retrieve(id)).status;

test("a user with a plan cannot buy a second, but may buy credits", async () => {
  const user = await createUser();
  const session = await stripe.checkout.sessions.retrieve(await buy(user, PRO));
  await delivered(String(session.subscription));
  for (const price of [PRO, ENTERPRISE]) {
    const response = await checkOut(user, price);
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({
      code: "already_subscribed",
      details: { portal: true },
    });
  }
  await buy(user, "price_parley_credits_100");
});

test("a plan whose events have not arrived counts", async () => {
  const user = await createUser();
  await holdEvents();
  await buy(user, PRO);
  expect((await checkOut(user, ENTERPRISE)).status).toBe(409);
});

test("a plan that ended at Stripe without an event does not count", async () => {
  const user = await createUser();
  const session = await stripe.checkout.sessions.retrieve(await buy(user, PRO));
  const id = String(session.subscription);
  await delivered(id);
  await holdEvents();
  await stripe.subscriptions.cancel(id);
  expect((await checkOut(user, ENTERPRISE)).status).toBe(200);
});

test("a new checkout for a plan expires the open one, and leaves others open", async () => {
  const user = await createUser();
  const credits = await openSession(user, "price_parley_credits_100");
  const first = await openSession(user, PRO);
  const second = await openSession(user, ENTERPRISE);
  expect(await Promise.all([credits, first, second].map(statusOf))).toEqual([
    "open",
    "expired",
    "open",
  ]);
});

test("of concurrent checkouts for a plan, one stays open", async () => {
  const payer = await createPayer();
  const sessions = await Promise.all([1, 2, 3, 4].map(() => openSession(payer, PRO)));
  const statuses = await Promise.all(sessions.map(statusOf));
  expect(statuses.filter((status) => status === "open")).toHaveLength(1);
});

test("a second plan that was made at Stripe is reported", async () => {
  const payer = await createPayer();
  const ids: string[] = [];
  for (const price of [PRO, ENTERPRISE]) {
    const { id } = await stripe.subscriptions.create({
      customer: payer.customerId,
      items: [{ price }],
    });
    await delivered(id);
    ids.push(id);
  }
  const double = () =>
    asPostgres("select subscription_ids from private.double_plans() where user_id = $1", [
      payer.profileId,
    ]);
  await expect.poll(double).toEqual([{ subscription_ids: expect.arrayContaining(ids) }]);
  await stripe.subscriptions.cancel(ids[0] ?? "");
  await expect.poll(double).toEqual([]);
});
