import { afterEach, expect, test } from "vitest";
import { deleteAccount } from "../../helpers/account.ts";
import { drain } from "../../helpers/files.ts";
import { asPostgres, createUser, type TestUser } from "../../helpers/stack.ts";
import {
  deliver,
  delivered,
  eventsAbout,
  holdEvents,
  releaseEvents,
  stripe,
} from "../../helpers/stripe.ts";

afterEach(releaseEvents);

/** What a checkout leaves whose function died after it had made the customer. */
async function createUnlinked({ email, profileId }: TestUser): Promise<string> {
  const { id } = await stripe.customers.create({ email, metadata: { profile_id: profileId } });
  return id;
}

function rowOf(customerId: string): Promise<unknown[]> {
  return asPostgres(
    "select user_id, email, is_deleted from public.stripe_customers where id = $1",
    [customerId],
  );
}

test("a customer that was made and never linked goes with the account", async () => {
  const user = await createUser();
  const customerId = await createUnlinked(user);
  await delivered(customerId);
  expect(await rowOf(customerId)).toMatchObject([{ user_id: null, email: user.email }]);

  expect((await deleteAccount(user)).status).toBe(204);
  expect(await rowOf(customerId)).toMatchObject([{ email: null }]);

  await drain();
  expect(await stripe.customers.retrieve(customerId)).toMatchObject({ deleted: true });
  await delivered(customerId);
  expect(await rowOf(customerId)).toMatchObject([{ email: null, is_deleted: true }]);
});

test("so does one that Stripe tells us of only afterwards", async () => {
  const user = await createUser();
  await holdEvents();
  const customerId = await createUnlinked(user);
  await deleteAccount(user);
  expect(await rowOf(customerId)).toEqual([]);

  const [created] = await eventsAbout(customerId);
  expect(await deliver(created?.id ?? "")).toBe(200);
  expect(await rowOf(customerId)).toMatchObject([{ email: null }]);

  await drain();
  expect(await stripe.customers.retrieve(customerId)).toMatchObject({ deleted: true });
});
