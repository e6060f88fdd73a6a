import type Stripe from "stripe";
import { checkCurrency } from "../checkout/check-currency.ts";
import { ApiError, invalid } from "../http/api-error.ts";
import { sendInvoice } from "../invoices/bill.ts";
import { buildSubscription, recurringOf, type SubscriptionPlan } from "./build-subscription.ts";
import { type Outcome, outcomeOf } from "../objects/cards.ts";
import { collectInvoice, defaultMethod } from "../invoices/collect-invoice.ts";
import { findObject } from "../http/find-objects.ts";
import { billedItems, periodOf } from "./subscription-items.ts";
import { insert, type Work } from "../work.ts";

/** The first payment; without an outcome, the card decides. */
export interface FirstPayment {
  /** Stripe's `payment_behavior`. */
  behavior: "allow_incomplete" | "default_incomplete" | "error_if_incomplete";
  outcome?: Outcome;
}

/** Starts a subscription with its first invoice, whose total is zero during a trial. */
export function subscribe(
  work: Work,
  plan: SubscriptionPlan,
  payment: FirstPayment,
): Stripe.Subscription {
  recurringOf(plan.items);
  const subscription = buildSubscription(plan);
  if (!plan.fromCheckout) checkCurrency(work.state, plan.customerId, subscription.currency);
  const customer = findObject(work.state, "customer", plan.customerId, "customer");
  if (subscription.status === "incomplete") {
    refuseUnpayable(defaultMethod(work, customer, subscription), payment);
  }
  insert(work, "subscription", subscription, "customer.subscription.created");
  const invoice = sendInvoice(work, {
    customer,
    items: billedItems(subscription),
    reason: "subscription_create",
    period: periodOf(subscription),
    subscription,
  });
  if (payment.behavior !== "default_incomplete") {
    collectInvoice(work, invoice.id, { outcome: payment.outcome });
  }
  return findObject(work.state, "subscription", subscription.id);
}

function refuseUnpayable(
  method: Stripe.PaymentMethod | null,
  { behavior, outcome }: FirstPayment,
): void {
  if (behavior === "default_incomplete") return;
  if (!method) {
    throw invalid(
      "This customer has no attached payment source or default payment method. Please consider " +
        "adding a default payment method.",
      undefined,
      "resource_missing",
    );
  }
  if (behavior === "error_if_incomplete" && (outcome ?? outcomeOf(method)) !== "succeeded") {
    const details = { type: "card_error", code: "card_declined" } as const;
    throw new ApiError(402, "Your card was declined.", details);
  }
}
