import type Stripe from "stripe";
import { lookUp } from "../http/find-objects.ts";
import { nowInSeconds } from "../periods.ts";
import { update, type Work } from "../work.ts";

/** Returns the subscription of an invoice; null if it has none. */
export function subscriptionOf(
  { state }: Pick<Work, "state">,
  invoice: Stripe.Invoice,
): Stripe.Subscription | null {
  return lookUp(state, "subscription", invoice.parent?.subscription_details?.subscription);
}

/** Returns whether a subscription has ended; an ended subscription cannot be restored. */
export function isOver({ status }: Stripe.Subscription): boolean {
  return status === "canceled" || status === "incomplete_expired";
}

/** Makes a subscription active if it was waiting for this invoice. */
export function noteInvoicePaid(work: Work, invoice: Stripe.Invoice): void {
  const subscription = subscriptionOf(work, invoice);
  if (!subscription || !["incomplete", "past_due", "unpaid"].includes(subscription.status)) return;
  update(
    work,
    "subscription",
    subscription.id,
    { status: "active" },
    "customer.subscription.updated",
  );
}

/**
 * Makes a subscription past due because its invoice was not paid. After the last attempt it becomes canceled
 * or unpaid, as the behaviour says
 * (https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses).
 */
export function noteInvoiceFailed(work: Work, invoice: Stripe.Invoice, isLast: boolean): void {
  const subscription = subscriptionOf(work, invoice);
  if (!subscription || !["active", "trialing", "past_due"].includes(subscription.status)) return;
  if (!isLast) return setStatus(work, subscription.id, "past_due");
  if (work.state.behaviour.get().after_retries === "unpaid") {
    return setStatus(work, subscription.id, "unpaid");
  }
  endSubscription(work, subscription, "payment_failed");
}

/** Ends a subscription now. */
export function endSubscription(
  work: Work,
  subscription: Stripe.Subscription,
  reason: Stripe.Subscription.CancellationDetails.Reason,
  details: { comment?: string | null; feedback?: string | null } = {},
): Stripe.Subscription {
  const at = nowInSeconds();
  const before = subscription.cancellation_details ?? NO_CANCELLATION;
  return update(work, "subscription", subscription.id, {
    canceled_at: subscription.canceled_at ?? at,
    cancellation_details: { ...before, ...details, reason: before.reason ?? reason },
    ended_at: at,
    status: "canceled",
  }, "customer.subscription.deleted");
}

/** The cancellation details of a subscription that nobody has canceled. */
export const NO_CANCELLATION: Stripe.Subscription.CancellationDetails = {
  comment: null,
  feedback: null,
  feedback_option: null,
  reason: null,
};

function setStatus(work: Work, id: string, status: Stripe.Subscription.Status): void {
  update(work, "subscription", id, { status }, "customer.subscription.updated");
}
