import type Stripe from "stripe";
import { mapSubscription } from "./map-subscription.ts";
import type { StripeObject } from "./stripe-objects.ts";

/** Maps a fetched subscription. Asks Stripe since when it has been past due. */
export async function mapWithArrears(
  stripe: Stripe,
  subscription: Stripe.Subscription,
): Promise<StripeObject> {
  const pastDueAt = subscription.status === "past_due"
    ? await oldestDebt(stripe, subscription.id)
    : null;
  return mapSubscription(subscription, pastDueAt);
}

/** Returns when the oldest open invoice was due, in Unix seconds: Stripe does not store when a debt began. */
async function oldestDebt(stripe: Stripe, subscription: string): Promise<number | null> {
  const { data } = await stripe.invoices.list({ subscription, status: "open", limit: 100 });
  const due = data.map(({ due_date, created }) => due_date ?? created);
  return due.length === 0 ? null : Math.min(...due);
}
