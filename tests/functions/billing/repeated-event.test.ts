import { afterEach, expect, test } from "vitest";
import { createPayer, readProfile } from "../../helpers/billing.ts";
import { asPostgres } from "../../helpers/stack.ts";
import {
  buy,
  deliver,
  delivered,
  eventsAbout,
  holdEvents,
  postEvent,
  releaseEvents,
} from "../../helpers/stripe.ts";

afterEach(releaseEvents);

test("one event posted twenty times at once grants once, in one row of the ledger", async () => {
  const payer = await createPayer();
  await delivered(payer.customerId);
  await holdEvents();
  await buy(payer, "price_parley_credits_100");
  const paid = (await eventsAbout(payer.customerId)).find(({ type }) => type === "invoice.paid");
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => postEvent(paid?.event ?? {})),
  );

  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(await asPostgres("select status from stripe_events where id = $1", [paid?.id])).toEqual([
    { status: "processed" },
  ]);
  expect((await readProfile(payer)).tokens).toBe(100);
  expect(
    await asPostgres(
      "select tokens from private.credit_grants where user_id = $1",
      [payer.profileId],
    ),
  ).toEqual([{ tokens: 100 }]);
});

test("of events that come at once, one that cannot be stored fails alone", async () => {
  const sent = Array.from({ length: 30 }, (_, index) => ({
    id: `evt_${crypto.randomUUID().replaceAll("-", "")}`,
    object: "event",
    type: "account.updated",
    livemode: false,
    // No date has this time.
    created: index === 15 ? 1e15 : 1_700_000_000,
    data: { object: { id: "acct_1" } },
  }));
  const answers = await Promise.all(sent.map((event) => postEvent(event)));
  expect(answers.map(({ status }) => status)).toEqual(
    sent.map((_, index) => index === 15 ? 500 : 200),
  );
  const stored = await asPostgres<{ id: string }>(
    "select id from stripe_events where id = any ($1) and status = 'ignored'",
    [sent.map(({ id }) => id)],
  );
  expect(new Set(stored.map(({ id }) => id))).toEqual(
    new Set(sent.filter((_, index) => index !== 15).map(({ id }) => id)),
  );
});

test("events of an older API version are applied", async () => {
  const payer = await createPayer();
  await delivered(payer.customerId);
  await holdEvents();
  await buy(payer, "price_parley_pro_monthly");
  for (const { id, state } of await eventsAbout(payer.customerId)) {
    if (state === "held") expect(await deliver(id, { older_api_version: true })).toBe(200);
  }
  expect(await readProfile(payer)).toMatchObject({ subscription_plan: "pro" });
  expect(
    await asPostgres(
      `select p.status, p.invoice_status, s.current_period_end > now() as is_current
     from payments p join subscriptions s on s.id = p.subscription_id where p.user_id = $1`,
      [payer.profileId],
    ),
  ).toEqual([{ status: "completed", invoice_status: "paid", is_current: true }]);
});
