import type Stripe from "stripe";
import { mapCustomer, mapPriceContext } from "./map-catalogue.ts";
import { mapSubscription } from "./map-subscription.ts";
import type { StripeObject } from "./stripe-objects.ts";

const EXPAND = ["customer", "items.data.price.product"];

/** Fetches a subscription with its customer, prices and products. */
export async function fetchSubscription(
  stripe: Stripe,
  subscriptionId: string,
): Promise<StripeObject[]> {
  const subscription = await stripe.subscriptions.retrieve(subscriptionId, { expand: EXPAND });
  const { customer, items } = subscription;
  return [
    ...items.data.flatMap(({ price }) => mapPriceContext(price)),
    ...typeof customer === "string" ? [] : [mapCustomer(customer)],
    await mapWithArrears(stripe, subscription),
  ];
}

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
