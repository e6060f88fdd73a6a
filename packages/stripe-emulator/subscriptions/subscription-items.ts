import type Stripe from "stripe";
import type { BilledItem } from "../invoices/build-invoice.ts";
import { planOf } from "./build-subscription.ts";
import { nowInSeconds } from "../periods.ts";
import { update, type Work } from "../work.ts";

/** Returns the current period of a subscription. */
export function periodOf(subscription: Stripe.Subscription): Stripe.InvoiceLineItem.Period {
  const [item] = subscription.items.data;
  const now = nowInSeconds();
  return { start: item?.current_period_start ?? now, end: item?.current_period_end ?? now };
}

/** Returns the list of items of a subscription with `data` in place of its items. */
export function withItems(
  subscription: Stripe.Subscription,
  data: Stripe.SubscriptionItem[],
): Stripe.ApiList<Stripe.SubscriptionItem> {
  return { ...subscription.items, data };
}

/** Returns the items of a subscription, all moved to another period. */
export function moveItems(
  subscription: Stripe.Subscription,
  { start, end }: Stripe.InvoiceLineItem.Period,
): Stripe.ApiList<Stripe.SubscriptionItem> {
  const period = { current_period_start: start, current_period_end: end };
  return withItems(subscription, subscription.items.data.map((item) => ({ ...item, ...period })));
}

/** Returns the things that an invoice of a subscription charges for. */
export function billedItems(subscription: Stripe.Subscription): BilledItem[] {
  return subscription.items.data.map(({ id, price, quantity = 1 }) => ({
    price,
    quantity,
    subscriptionItem: id,
    free: subscription.status === "trialing",
  }));
}

/** Updates a changed price in subscriptions and checkout sessions. */
export function refreshPrice(work: Work, price: Stripe.Price): void {
  for (const subscription of work.state.objects.subscription.values()) {
    const data = subscription.items.data.map((item) =>
      item.price.id === price.id ? { ...item, price, plan: planOf(price) } : item
    );
    update(work, "subscription", subscription.id, { items: withItems(subscription, data) });
  }
  for (const plan of work.state.checkoutPlans.values()) {
    plan.lineItems = plan.lineItems.map((line) =>
      line.price?.id === price.id ? { ...line, price } : line
    );
  }
}
