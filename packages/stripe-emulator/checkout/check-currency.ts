import { invalid } from "../http/api-error.ts";
import { idOf } from "../http/find-objects.ts";
import type { EmulatorState } from "../state.ts";
import { isOver } from "../subscriptions/subscription-status.ts";

/**
 * Throws Stripe's 400 if a customer has a subscription, or an open checkout of one, in another currency.
 * Source: https://github.com/lukevella/rallly/pull/3307
 */
export function checkCurrency(state: EmulatorState, customer: string, currency: string): void {
  const used = [
    ...[...state.objects.subscription.values()].filter((each) => !isOver(each)),
    ...[...state.objects["checkout.session"].values()].filter(({ mode, status }) =>
      mode === "subscription" && status === "open"
    ),
  ].find((each) => idOf(each.customer) === customer && each.currency !== currency);
  if (!used) return;
  throw invalid(
    "You cannot combine currencies on a single customer. This customer has an active subscription, subscription " +
      "schedule, discount, quote, invoice item or active subscription mode checkout session with currency " +
      `${used.currency}.`,
  );
}
