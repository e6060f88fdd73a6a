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

/** Creates a customer and does not link it, as a checkout does whose function dies in between. */
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

test("deleting the account also deletes a customer that was created but never linked", async () => {
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

test("deleting the account also deletes a customer that Stripe reports only afterwards", async () => {
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
