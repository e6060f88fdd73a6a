import type Stripe from "stripe";
import { invalid } from "../http/api-error.ts";
import { draftInvoice, finalizeInvoice, markUncollectible, voidInvoice } from "../invoices/bill.ts";
import { recurringOf } from "./build-subscription.ts";
import type { Outcome } from "../objects/cards.ts";
import { collectInvoice, defaultMethod } from "../invoices/collect-invoice.ts";
import { findObject, idOf, lookUp } from "../http/find-objects.ts";
import { endOfPeriod } from "../periods.ts";
import { billedItems, moveItems, periodOf } from "./subscription-items.ts";
import { endSubscription, isOver } from "./subscription-status.ts";
import { announce, update, type Work } from "../work.ts";

/**
 * Advances time until the next automatic event of a subscription: its trial or period ends, a failed payment
 * is tried again, or its first invoice expires. Only periods move into the future; all other times stay real.
 */
export function advanceSubscription(
  work: Work,
  id: string,
  outcome?: Outcome,
): Stripe.Subscription {
  const subscription = findObject(work.state, "subscription", id);
  const { status } = subscription;
  if (isOver(subscription)) {
    throw invalid(`Subscription ${id} is ${status} and cannot be advanced.`);
  }
  if (status === "incomplete") expire(work, subscription);
  else if (status === "past_due") {
    collectInvoice(work, idOf(subscription.latest_invoice) ?? "", { outcome });
  } else if (status !== "paused") endPeriod(work, subscription, outcome);
  return findObject(work.state, "subscription", id);
}

/** Begins a new period with an invoice for `reason`. */
export function beginPeriod(
  work: Work,
  subscription: Stripe.Subscription,
  period: Stripe.InvoiceLineItem.Period,
  options: { reason: Stripe.Invoice.BillingReason; outcome?: Outcome; anchor?: number },
): Stripe.Subscription {
  const { id } = subscription;
  const moved = update(work, "subscription", id, {
    billing_cycle_anchor: options.anchor ?? subscription.billing_cycle_anchor,
    items: moveItems(subscription, period),
    status: subscription.status === "unpaid" ? "unpaid" : "active",
  }, "customer.subscription.updated");
  const draft = draftInvoice(work, {
    customer: findObject(work.state, "customer", idOf(moved.customer) ?? ""),
    items: billedItems(moved),
    reason: options.reason,
    period,
    subscription: moved,
  });
  collect(work, moved, draft, options.outcome);
  return findObject(work.state, "subscription", id);
}

/** Returns the period of a subscription that begins at `start`. */
export function periodFrom(
  subscription: Stripe.Subscription,
  start: number,
  anchor = subscription.billing_cycle_anchor,
): Stripe.InvoiceLineItem.Period {
  return { start, end: endOfPeriod(anchor, start, recurringOf(subscription.items.data)) };
}

/** Expires an incomplete subscription; Stripe does so if its first invoice is not paid within 23 hours. */
function expire(work: Work, subscription: Stripe.Subscription): void {
  const invoice = lookUp(work.state, "invoice", subscription.latest_invoice);
  if (invoice?.status === "open") voidInvoice(work, invoice.id);
  update(
    work,
    "subscription",
    subscription.id,
    { status: "incomplete_expired" },
    "customer.subscription.updated",
  );
}

function endPeriod(work: Work, subscription: Stripe.Subscription, outcome?: Outcome): void {
  const { end } = periodOf(subscription);
  const { cancel_at, cancel_at_period_end } = subscription;
  if (cancel_at_period_end || (cancel_at !== null && cancel_at <= end)) {
    endSubscription(work, subscription, "cancellation_requested");
    return;
  }
  if (subscription.status === "trialing" && outcome === undefined && endTrial(work, subscription)) {
    return;
  }
  const period = periodFrom(subscription, end);
  beginPeriod(work, subscription, period, { reason: "subscription_cycle", outcome });
}

/** Ends a trial without a payment method. Returns false if the trial ends like any other period. */
function endTrial(work: Work, subscription: Stripe.Subscription): boolean {
  const customer = findObject(work.state, "customer", idOf(subscription.customer) ?? "");
  const action = subscription.trial_settings?.end_behavior.missing_payment_method;
  if (defaultMethod(work, customer, subscription) || action === "create_invoice") return false;
  if (action === "cancel") {
    endSubscription(work, subscription, "payment_failed");
    return true;
  }
  update(work, "subscription", subscription.id, { status: "paused" });
  announce(work, "subscription", subscription.id, "customer.subscription.paused");
  return true;
}

function collect(
  work: Work,
  { status, pause_collection: pause }: Stripe.Subscription,
  { id }: Stripe.Invoice,
  outcome?: Outcome,
): void {
  // Invoices stay drafts while the subscription is unpaid, or if its pause says so.
  if (status === "unpaid" || pause?.behavior === "keep_as_draft") {
    update(work, "invoice", id, { auto_advance: false });
    return;
  }
  finalizeInvoice(work, id);
  if (pause?.behavior === "void") voidInvoice(work, id);
  else if (pause?.behavior === "mark_uncollectible") markUncollectible(work, id);
  else collectInvoice(work, id, { outcome });
}
