import type Stripe from "stripe";
import { type InvoiceFacts, mapSubscription } from "./map-subscription.ts";
import type { StripeObject } from "./stripe-objects.ts";

/** Returns a subscription with all of its items. Stripe sends at most 10 of up to 20 items with the subscription. */
export async function completeItems(
  stripe: Stripe,
  subscription: Stripe.Subscription,
): Promise<Stripe.Subscription> {
  if (!subscription.items.has_more) return subscription;
  const wanted = { subscription: subscription.id, limit: 100, expand: ["data.price.product"] };
  const data = await Array.fromAsync(stripe.subscriptionItems.list(wanted));
  return { ...subscription, items: { ...subscription.items, data, has_more: false } };
}

/** Maps a fetched subscription with all its items. Asks Stripe for what only its invoices say. */
export async function mapWithArrears(
  stripe: Stripe,
  subscription: Stripe.Subscription,
): Promise<StripeObject> {
  const [whole, facts] = await Promise.all([
    completeItems(stripe, subscription),
    readInvoices(stripe, subscription),
  ]);
  return mapSubscription(whole, facts);
}

async function readInvoices(
  stripe: Stripe,
  { id, status, pause_collection, trial_end }: Stripe.Subscription,
): Promise<InvoiceFacts> {
  const [pastDueAt, paidUntil] = await Promise.all([
    status === "past_due" ? oldestDebt(stripe, id) : null,
    pause_collection ? lastPaidPeriod(stripe, id) : null,
  ]);
  // A trial counts as paid.
  return { pastDueAt, paidUntil: pause_collection ? latest([paidUntil, trial_end]) : null };
}

/**
 * Returns the end of the last period that was paid. While collection is paused, the subscription itself only has the
 * end of its current period, which nobody pays for.
 * Source: https://docs.stripe.com/billing/subscriptions/pause-payment
 */
async function lastPaidPeriod(stripe: Stripe, subscription: string): Promise<number | null> {
  const { data } = await stripe.invoices.list({ subscription, status: "paid", limit: 10 });
  return latest(data.flatMap(({ lines }) => lines.data.map(({ period }) => period.end)));
}

function latest(times: (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.max(...known);
}

/** Returns when the oldest open invoice was due, in Unix seconds: Stripe does not store when a debt began. */
async function oldestDebt(stripe: Stripe, subscription: string): Promise<number | null> {
  const { data } = await stripe.invoices.list({ subscription, status: "open", limit: 100 });
  const due = data.map(({ due_date, created }) => due_date ?? created);
  return due.length === 0 ? null : Math.min(...due);
}
