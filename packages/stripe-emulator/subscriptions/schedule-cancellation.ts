import type Stripe from "stripe";
import { nowInSeconds } from "../periods.ts";
import { periodOf } from "./subscription-items.ts";
import { NO_CANCELLATION } from "./subscription-status.ts";

/** The end of a subscription; null removes an earlier plan to cancel. */
export interface CancellationPlan {
  cancel_at?: number | null;
  cancel_at_period_end?: boolean;
  cancellation_details?: { comment?: string | null; feedback?: string | null };
}

/** Returns the properties of a subscription that a plan to cancel, or to continue, changes. */
export function scheduleCancellation(
  subscription: Stripe.Subscription,
  { cancel_at, cancel_at_period_end, cancellation_details }: CancellationPlan,
): Partial<Stripe.Subscription> {
  const details = {
    ...subscription.cancellation_details ?? NO_CANCELLATION,
    ...cancellation_details,
  };
  if (cancel_at === undefined && cancel_at_period_end === undefined) {
    return cancellation_details ? { cancellation_details: details } : {};
  }
  const end = cancel_at_period_end ? periodOf(subscription).end : cancel_at ?? null;
  return {
    cancel_at: end,
    cancel_at_period_end: cancel_at_period_end ?? false,
    canceled_at: end === null ? null : nowInSeconds(),
    cancellation_details: { ...details, reason: end === null ? null : "cancellation_requested" },
  };
}
