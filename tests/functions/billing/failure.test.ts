import { afterEach, expect, test } from "vitest";
import { createPayer, readProfile } from "../../helpers/billing.ts";
import { asPostgres } from "../../helpers/stack.ts";
import {
  behave,
  deliver,
  eventsAbout,
  holdEvents,
  releaseEvents,
  stripe,
} from "../../helpers/stripe.ts";

afterEach(releaseEvents);

async function subscribeUnheard() {
  const payer = await createPayer();
  await holdEvents();
  const { id } = await stripe.subscriptions.create({
    customer: payer.customerId,
    items: [{ price: "price_parley_pro_monthly" }],
  });
  const events = await eventsAbout(id);
  const paid = events.find(({ type }) => type === "invoice.paid")?.id ?? "";
  return { payer, id, paid };
}

const ledger = (eventId: string) =>
  asPostgres("select status, attempts, error from stripe_events where id = $1", [eventId]);
const rowsOf = (customerId: string) =>
  asPostgres(
    `select id::text from subscriptions where stripe_customer_id = $1
     union all select id::text from payments where stripe_customer_id = $1`,
    [customerId],
  );

test("while Stripe is down an event writes nothing, and the next delivery succeeds", async () => {
  const { payer, id, paid } = await subscribeUnheard();
  await behave({ fail: { path: `/v1/subscriptions/${id}`, status: 500 } });
  expect(await deliver(paid)).toBe(500);
  expect(await ledger(paid)).toMatchObject([{ status: "failed", attempts: 1 }]);
  expect(await rowsOf(payer.customerId)).toEqual([]);

  await behave({});
  expect(await deliver(paid)).toBe(200);
  expect(await ledger(paid)).toEqual([{ status: "processed", attempts: 2, error: null }]);
  expect((await readProfile(payer)).subscription_plan).toBe("pro");
});

test("a database error after the first write leaves nothing behind", async () => {
  const { payer, paid } = await subscribeUnheard();
  await asPostgres(`
    create function private.break_payments() returns trigger language plpgsql set search_path = '' as
    $$ begin raise exception 'broken'; end $$;
    create trigger break_payments before insert on public.payments
      for each row when (new.stripe_customer_id = '${payer.customerId}') execute function private.break_payments()`);
  try {
    expect(await deliver(paid)).toBe(500);
    expect(await rowsOf(payer.customerId)).toEqual([]);
    expect(await ledger(paid)).toMatchObject([{ status: "failed", attempts: 1 }]);
  } finally {
    await asPostgres(
      "drop trigger break_payments on payments; drop function private.break_payments()",
    );
  }
  expect(await deliver(paid)).toBe(200);
  expect((await rowsOf(payer.customerId)).length).toBe(2);
});
