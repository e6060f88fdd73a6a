import { afterEach, expect, test } from "vitest";
import { fetchTargets } from "../../../functions/stripe-webhook/fetch-target.ts";
import { billing, createPayer, readProfile } from "../../helpers/billing.ts";
import { asPostgres, must } from "../../helpers/stack.ts";
import {
  command,
  deliver,
  delivered,
  eventsAbout,
  holdEvents,
  releaseEvents,
  stripe,
} from "../../helpers/stripe.ts";

afterEach(releaseEvents);

test("a fetch that began before a cancellation and ends after it does not restore the subscription", async () => {
  const payer = await createPayer();
  const { id } = await stripe.subscriptions.create({
    customer: payer.customerId,
    items: [{ price: "price_parley_pro_monthly" }],
  });
  await delivered(id);
  const ticket = await billing.drawTicket();
  const stale = await fetchTargets(
    stripe,
    [{ kind: "subscription", id }],
    billing.findKnownProducts,
  );
  await stripe.subscriptions.cancel(id);
  await delivered(id);

  await billing.apply(null, ticket, stale);
  expect(stale).toContainEqual(
    expect.objectContaining({ fields: expect.objectContaining({ status: "active" }) }),
  );
  expect(must(await payer.client.from("subscriptions").select("status").single()).status)
    .toBe("canceled");
  expect((await readProfile(payer)).subscription_plan).toBe("free");
});

test("an old event of a deleted product does not restore it", async () => {
  const { id } = await stripe.products.create({ name: "Short-lived" });
  await delivered(id);
  await holdEvents();
  await stripe.products.update(id, { name: "Shorter" });
  await command({ object: "product", id, deleted: true });
  const [, updated, deleted] = await eventsAbout(id);

  // Stripe has nothing to fetch any more, so the event is dropped. The event of the deletion says the rest.
  expect(await deliver(updated?.id ?? "")).toBe(200);
  expect(await asPostgres("select status from stripe_events where id = $1", [updated?.id]))
    .toEqual([{ status: "dropped" }]);
  expect(await deliver(deleted?.id ?? "")).toBe(200);
  expect(await deliver(updated?.id ?? "")).toBe(200);
  expect(await asPostgres("select is_deleted, is_active from stripe_products where id = $1", [id]))
    .toEqual([{ is_deleted: true, is_active: false }]);
});
