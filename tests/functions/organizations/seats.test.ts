import { expect, test } from "vitest";
import { RedirectReply } from "../../../types/api.ts";
import { asPostgres, createUser, must, type TestUser } from "../../helpers/stack.ts";
import {
  completeCheckout,
  delivered,
  holdEvents,
  postBilling,
  releaseEvents,
  stripe,
} from "../../helpers/stripe.ts";
import { createTeam, invite } from "./team.ts";

const PRO = "price_parley_pro_monthly";
const urls = {
  success_url: "http://localhost:3000/done",
  cancel_url: "http://localhost:3000/plans",
};

const checkout = (user: TestUser, fields: object) =>
  postBilling("checkout", user, { price_id: PRO, for: "organization", ...urls, ...fields });

/** Buys seats as the owner or an admin does. Returns the organization's customer. */
async function buySeats(user: TestUser, quantity: number): Promise<string> {
  const response = await checkout(user, { quantity });
  expect(response.status).toBe(200);
  const { url } = RedirectReply.parse(await response.json());
  await completeCheckout(new URL(url).pathname.split("/").at(-1) ?? "");
  const { id } = must(await user.client.from("stripe_customers").select("id").single());
  await delivered(id);
  return id;
}

async function planOf({ client }: TestUser) {
  return must(await client.from("profiles").select("subscription_plan, plan_source").single());
}

test("an admin buys seats, and every member has the plan", async () => {
  const { id, owner, members: [admin, member] } = await createTeam(["admin", "member"]);
  const customerId = await buySeats(admin!, 5);
  const customer = await stripe.customers.retrieve(customerId);
  expect(customer).toMatchObject({ name: "Team", metadata: { organization_id: id } });
  for (const user of [owner, admin!, member!]) {
    expect(await planOf(user)).toEqual({ subscription_plan: "pro", plan_source: "organization" });
  }

  // Whoever may buy sees the books; a member does not.
  expect(must(await owner.client.from("payments").select("amount, status")))
    .toEqual([{ amount: 10_000, status: "completed" }]);
  expect(must(await owner.client.from("subscriptions").select("quantity")))
    .toEqual([{ quantity: 5 }]);
  expect(must(await member!.client.from("payments").select())).toEqual([]);
  expect(must(await member!.client.from("stripe_customers").select())).toEqual([]);

  const portal = { return_url: urls.cancel_url, for: "organization" };
  expect((await postBilling("portal", owner, portal)).status).toBe(200);
  expect((await postBilling("portal", member!, portal)).status).toBe(403);
  expect(await (await checkout(owner, { quantity: 9 })).json())
    .toMatchObject({ code: "organization_subscribed", details: { portal: true } });
});

test("of checkouts for seats at once one stays open, with the operator's options", async () => {
  const { owner, members: [admin] } = await createTeam(["admin"]);
  await asPostgres(
    "update private.billing_policy set promotion_codes = true, automatic_tax = true",
  );
  try {
    const replies = await Promise.all(
      [owner, admin!, owner].map(async (user) =>
        RedirectReply.parse(await (await checkout(user, { quantity: 2 })).json())
      ),
    );
    const ids = replies.map(({ url }) => new URL(url).pathname.split("/").at(-1) ?? "");
    const sessions = await Promise.all(ids.map((id) => stripe.checkout.sessions.retrieve(id)));
    const open = sessions.filter(({ status }) => status === "open");
    expect(open).toHaveLength(1);
    expect(open[0]).toMatchObject({
      allow_promotion_codes: true,
      automatic_tax: { enabled: true },
    });
  } finally {
    await asPostgres(
      "update private.billing_policy set promotion_codes = false, automatic_tax = false",
    );
  }
});

test("an organization with an unpaid subscription changes it and buys no second one", async () => {
  const { owner } = await createTeam([]);
  const customerId = await buySeats(owner, 3);
  await asPostgres(
    "update public.subscriptions set status = 'unpaid' where stripe_customer_id = $1",
    [customerId],
  );

  expect(await (await checkout(owner, { quantity: 3 })).json())
    .toMatchObject({ code: "organization_subscribed" });
});

test("an organization whose events were lost cannot buy a second subscription", async () => {
  const { owner, members: [member] } = await createTeam(["member"]);
  const { url } = RedirectReply.parse(await (await checkout(owner, { quantity: 2 })).json());
  const { id } = must(await owner.client.from("stripe_customers").select("id").single());
  await delivered(id);
  await holdEvents();
  try {
    await completeCheckout(new URL(url).pathname.split("/").at(-1) ?? "");
    expect(await planOf(member!)).toMatchObject({ subscription_plan: "free" });
    expect(await (await checkout(owner, { quantity: 2 })).json())
      .toMatchObject({ code: "organization_subscribed" });
    expect(await planOf(member!)).toMatchObject({ subscription_plan: "pro" });
  } finally {
    await releaseEvents();
  }
});

test("checkouts for an organization are refused with a reason", async () => {
  const { owner, members: [member] } = await createTeam(["member"]);
  const refusal = async (user: TestUser, fields: object) => {
    const response = await checkout(user, fields);
    const { code, details } = await response.json();
    return { status: response.status, code, details };
  };
  expect(await refusal(owner, { quantity: 1 }))
    .toEqual({ status: 409, code: "too_few_seats", details: { members: 2 } });
  expect(await refusal(owner, { price_id: "price_parley_credits_100" }))
    .toMatchObject({ status: 400, code: "price_without_seats" });
  expect(await refusal(member!, { quantity: 2 })).toMatchObject({
    status: 403,
    code: "not_allowed",
  });
  expect(await refusal(await createUser(), { quantity: 2 }))
    .toMatchObject({ status: 404, code: "organization_not_found" });
  expect((await refusal(owner, { quantity: 0 })).status).toBe(400);
});

test("of fifty users who accept at once, as many join as there are seats", async () => {
  const { id, owner } = await createTeam([]);
  const guests = await Promise.all(Array.from({ length: 50 }, () => createUser()));
  const tokens: string[] = [];
  for (const guest of guests) tokens.push(await invite(owner, guest));
  const customerId = await buySeats(owner, 21);

  const results = await Promise.all(
    guests.map(({ client }, index) =>
      client.rpc("accept_invitation", { token: tokens[index] ?? "" })
    ),
  );
  const codes = results.map(({ error }) => error?.message ?? "joined");
  expect(codes.filter((code) => code === "joined")).toHaveLength(20);
  expect(codes.filter((code) => code === "seats_exhausted")).toHaveLength(30);
  const onPlan = () =>
    asPostgres(
      `select count(*)::integer as members, (count(*) filter (where subscription_plan = 'pro'))::integer as pro
       from public.profiles where organization_id = $1`,
      [id],
    );
  expect(await onPlan()).toEqual([{ members: 21, pro: 21 }]);

  // The last to join lose the plan, not their membership.
  const { data: [subscription] } = await stripe.subscriptions.list({ customer: customerId });
  const item = subscription?.items.data[0]?.id;
  await stripe.subscriptions.update(subscription?.id ?? "", { items: [{ id: item, quantity: 4 }] });
  await delivered(customerId);
  expect(await onPlan()).toEqual([{ members: 21, pro: 4 }]);
  expect(await planOf(owner)).toMatchObject({ subscription_plan: "pro" });
}, 120_000);

test("a deleted organization ends the plan and deletes the customer at Stripe", async () => {
  const { owner, members: [member] } = await createTeam(["member"]);
  const customerId = await buySeats(owner, 2);
  must(await owner.client.rpc("delete_organization"));
  expect(await planOf(owner)).toEqual({ subscription_plan: "free", plan_source: "none" });
  expect(await planOf(member!)).toEqual({ subscription_plan: "free", plan_source: "none" });
  const queued = "select kind from private.remote_deletions where remote_id = $1";
  const deleted = await stripe.customers.retrieve(customerId);
  expect(deleted.deleted || (await asPostgres(queued, [customerId])).length > 0).toBe(true);
  const row = "select organization_id, email, name from public.stripe_customers where id = $1";
  expect(await asPostgres(row, [customerId]))
    .toEqual([{ organization_id: null, email: null, name: null }]);
});
