import type Stripe from "stripe";
import { Constants } from "../../../types/database.ts";
import { idOf, toIso } from "./client.ts";
import type { ItemFields, StripeObject, SubscriptionFields } from "./stripe-objects.ts";

const statuses = Constants.public.Enums.subscription_status;

/** Facts about a subscription that only its invoices have, in Unix seconds. */
export interface InvoiceFacts {
  /** When the oldest open invoice was due. */
  pastDueAt: number | null;
  /** The end of the last paid period. Null unless the collection of payments is paused. */
  paidUntil: number | null;
}

/** Maps a subscription for the database. It must have all of its items. */
export function mapSubscription(
  subscription: Stripe.Subscription,
  { pastDueAt, paidUntil }: InvoiceFacts,
): StripeObject {
  const item = mainItem(subscription);
  const cancelAt = subscription.cancel_at ??
    (subscription.cancel_at_period_end ? item?.current_period_end ?? null : null);
  return {
    kind: "subscription",
    fields: {
      stripe_subscription_id: subscription.id,
      stripe_customer_id: requireCustomer(subscription),
      status: readStatus(subscription),
      stripe_price_id: item?.price.id ?? null,
      stripe_product_id: idOf(item?.price.product),
      quantity: item?.quantity ?? null,
      amount: totalOf(subscription),
      currency: subscription.currency,
      recurring_interval: item?.price.recurring?.interval ?? null,
      recurring_interval_count: item?.price.recurring?.interval_count ?? null,
      current_period_start: toIso(item?.current_period_start),
      current_period_end: toIso(item?.current_period_end),
      cancel_at_period_end: subscription.cancel_at_period_end,
      cancel_at: toIso(subscription.cancel_at),
      canceled_at: toIso(subscription.canceled_at),
      started_at: toIso(subscription.start_date),
      ends_at: toIso(subscription.ended_at ?? cancelAt),
      ended_at: toIso(subscription.ended_at),
      past_due_at: toIso(
        subscription.status === "past_due" ? pastDueAt ?? item?.current_period_start : null,
      ),
      trial_start: toIso(subscription.trial_start),
      trial_end: toIso(subscription.trial_end),
      pause_collection: mapPause(subscription.pause_collection),
      paid_until: toIso(paidUntil),
      discount_id: idOf(subscription.discounts[0]),
      cancellation_reason: subscription.cancellation_details?.feedback ??
        subscription.cancellation_details?.reason ?? null,
      cancellation_comment: subscription.cancellation_details?.comment ?? null,
      metadata: subscription.metadata,
      created_at: toIso(subscription.created),
      items: subscription.items.data.map(mapItem).toSorted((a, b) => a.id < b.id ? -1 : 1),
    },
  };
}

function mapItem({ id, price, quantity, ...item }: Stripe.SubscriptionItem): ItemFields {
  const productId = idOf(price.product);
  if (!productId) throw new Error(`price ${price.id} has no product`);
  return {
    id,
    stripe_price_id: price.id,
    stripe_product_id: productId,
    quantity: quantity ?? null,
    current_period_start: toIso(item.current_period_start),
    current_period_end: toIso(item.current_period_end),
    created_at: toIso(item.created),
  };
}

/** Returns the most expensive item of a subscription as its main item, so that every fetch chooses the same item. */
export function mainItem({ items }: Stripe.Subscription): Stripe.SubscriptionItem | undefined {
  return items.data.toSorted((a, b) => amountOf(b) - amountOf(a) || (a.id < b.id ? -1 : 1))[0];
}

function amountOf({ price, quantity }: Stripe.SubscriptionItem): number {
  return (price.unit_amount ?? 0) * (quantity ?? 1);
}

/** Returns the amount of one period. Null for a sum that no number holds exactly. */
function totalOf({ items }: Stripe.Subscription): number | null {
  const total = items.data.reduce((sum, item) => sum + amountOf(item), 0);
  return Number.isSafeInteger(total) ? total : null;
}

function mapPause(pause: Stripe.Subscription.PauseCollection | null) {
  return pause && { behavior: pause.behavior, resumes_at: toIso(pause.resumes_at) };
}

function readStatus({ id, status }: Stripe.Subscription): SubscriptionFields["status"] {
  const known = statuses.find((each) => each === status);
  if (!known) throw new Error(`subscription ${id} has a status that is not known`);
  return known;
}

function requireCustomer({ id, customer }: Stripe.Subscription): string {
  const customerId = idOf(customer);
  if (!customerId) throw new Error(`subscription ${id} has no customer`);
  return customerId;
}
