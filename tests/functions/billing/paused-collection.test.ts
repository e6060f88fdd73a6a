import { expect, test } from "vitest";
import { createPayer, readProfile } from "../../helpers/billing.ts";
import { asPostgres } from "../../helpers/stack.ts";
import { advance, delivered, stripe } from "../../helpers/stripe.ts";

const PRO = "price_parley_pro_monthly";

test.for(["void", "keep_as_draft", "mark_uncollectible"] as const)(
  "a pause that ends payments by %s gives the plan until the paid period ends, also to a late fetch",
  async (behavior) => {
    const payer = await createPayer();
    const plan = async () => (await readProfile(payer)).subscription_plan;
    const { id, items } = await stripe.subscriptions.create({
      customer: payer.customerId,
      items: [{ price: PRO }],
    });
    await stripe.subscriptions.update(id, { pause_collection: { behavior } });
    await delivered(id);
    expect(await plan()).toBe("pro");
    const paidUntil =
      "select paid_until from public.subscriptions where stripe_subscription_id = $1";
    const end = new Date((items.data[0]?.current_period_end ?? 0) * 1000);
    expect(await asPostgres(paidUntil, [id])).toEqual([{ paid_until: end }]);

    // Periods go on in the emulator, so the current period of the subscription says nothing.
    await advance(id);
    await delivered(id);
    expect(await asPostgres(paidUntil, [id])).toEqual([{ paid_until: end }]);
    await asPostgres("update public.subscriptions set paid_until = now() where user_id = $1", [
      payer.profileId,
    ]);
    await asPostgres("select private.refresh_entitlements()");
    expect(await plan()).toBe("free");

    await stripe.subscriptions.update(id, { pause_collection: "" });
    await delivered(id);
    expect(await plan()).toBe("pro");
  },
);
