import { afterEach, expect, test } from "vitest";
import { createPayer, readProfile } from "../../helpers/billing.ts";
import { cleanUp, hasten } from "../../helpers/files.ts";
import { asPostgres, createTestClient, createUser, must, stack } from "../../helpers/stack.ts";
import {
  buy,
  deliver,
  delivered,
  eventsAbout,
  holdEvents,
  releaseEvents,
  stripe,
} from "../../helpers/stripe.ts";

afterEach(releaseEvents);

const PRO = "price_parley_pro_monthly";

test("an imported customer keeps its plan and is used by the next purchase", async () => {
  const user = await createUser();
  await holdEvents();
  const { id: customer } = await stripe.customers.create({
    payment_method: "pm_card_visa",
    invoice_settings: { default_payment_method: "pm_card_visa" },
  });
  await stripe.subscriptions.create({ customer, items: [{ price: PRO }] });
  await asPostgres("update profiles set stripe_customer_id = $2 where id = $1", [
    user.profileId,
    customer,
  ]);
  await buy(user, "price_parley_credits_100");
  expect(await readProfile(user)).toMatchObject({ subscription_plan: "pro" });
  expect(must(await user.client.from("stripe_customers").select("id"))).toEqual([{ id: customer }]);
});

test("the customer of our own checkout is linked again after its link was lost", async () => {
  const user = await createUser();
  await holdEvents();
  const session = await stripe.checkout.sessions.retrieve(await buy(user, PRO));
  await asPostgres("update stripe_customers set user_id = null where user_id = $1", [
    user.profileId,
  ]);
  await asPostgres("update profiles set stripe_customer_id = null where id = $1", [user.profileId]);
  await releaseEvents();
  await replay(session.id);
  expect(await readProfile(user)).toMatchObject({ subscription_plan: "pro" });
});

test("a reference that the buyer of a payment link sets links nothing", async () => {
  const victim = await createUser();
  const session = await stripe.checkout.sessions.create({
    mode: "subscription",
    line_items: [{ price: PRO, quantity: 1 }],
    success_url: "http://localhost:3000/done",
    client_reference_id: victim.profileId,
  });
  await fetch(session.url ?? "", { method: "POST", redirect: "manual" });
  await delivered(session.id);
  expect(await readProfile(victim)).toMatchObject({ subscription_plan: "free" });
});

test("a changed address is sent to Stripe", async () => {
  const payer = await createPayer();
  const email = `new-${crypto.randomUUID()}@example.com`;
  const { auth } = createTestClient(stack.SECRET_KEY);
  must(await auth.admin.updateUserById(payer.authId, { email, email_confirm: true }));
  await hasten();
  await cleanUp();
  // The run of the schedule may have claimed the row.
  await expect.poll(async () => await stripe.customers.retrieve(payer.customerId))
    .toMatchObject({ email });
});

/** Delivers the events about a checkout again. */
async function replay(sessionId: string): Promise<void> {
  for (const { id } of await eventsAbout(sessionId)) expect(await deliver(id)).toBe(200);
}
