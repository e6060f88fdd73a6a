import type Stripe from "stripe";
import { afterEach, expect, test } from "vitest";
import type { BillingDatabase } from "../../../functions/_shared/stripe/billing-database.ts";
import { createEventRecorder } from "../../../functions/stripe-webhook/event-recorder.ts";
import { processEvent } from "../../../functions/stripe-webhook/process-event.ts";
import { billing, createPayer, readProfile } from "../../helpers/billing.ts";
import { asPostgres } from "../../helpers/stack.ts";
import { deliver, eventsAbout, holdEvents, releaseEvents, stripe } from "../../helpers/stripe.ts";

afterEach(releaseEvents);

const log = { info: () => {}, warn: () => {}, error: () => {} };

/** A database whose process dies at one step: later steps of the same attempt never happen. */
function dyingDatabase(step: "before apply" | "after apply"): BillingDatabase {
  const die = () => Promise.reject(new Error("the process is gone"));
  return {
    ...billing,
    apply: async (...args) => {
      if (step === "after apply") await billing.apply(...args);
      return await die();
    },
    failEvent: die,
  };
}

test.for(["before apply", "after apply"] as const)(
  "when the function dies %s, the next delivery of the event completes it",
  async (step) => {
    const payer = await createPayer();
    await holdEvents();
    const { id } = await stripe.subscriptions.create({
      customer: payer.customerId,
      items: [{ price: "price_parley_pro_monthly" }],
    });
    const paid = (await eventsAbout(id)).find(({ type }) => type === "invoice.paid");
    const event: Stripe.Event = await stripe.events.retrieve(paid?.id ?? "");

    const dying = { stripe, db: dyingDatabase(step), log, recorder: createEventRecorder() };
    await expect(processEvent(dying, event)).rejects.toThrow();
    const wasWritten = step === "after apply";
    expect(await asPostgres("select status from stripe_events where id = $1", [event.id])).toEqual([
      { status: wasWritten ? "processed" : "processing" },
    ]);
    expect((await readProfile(payer)).subscription_plan).toBe(wasWritten ? "pro" : "free");

    expect(await deliver(event.id)).toBe(200);
    expect((await readProfile(payer)).subscription_plan).toBe("pro");
    expect(await asPostgres("select status from payments where user_id = $1", [payer.profileId]))
      .toEqual([{ status: "completed" }]);
  },
);
