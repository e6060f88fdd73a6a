import type Stripe from "stripe";
import { attemptPayment } from "../objects/attempt-payment.ts";
import { sendInvoice } from "../invoices/bill.ts";
import type { Bill } from "../invoices/build-invoice.ts";
import { buildPaymentIntent, buildPaymentMethod } from "../objects/build-payment.ts";
import type { CardName } from "../objects/cards.ts";
import type { CheckoutPlan } from "./checkout-plan.ts";
import { collectInvoice } from "../invoices/collect-invoice.ts";
import { idOf } from "../http/find-objects.ts";
import { nowInSeconds } from "../periods.ts";
import { paymentOf } from "../invoices/settle-invoice.ts";
import { insert, update, type Work } from "../work.ts";

/** The properties of a checkout session that show its payment. */
type PaidWith = Pick<Stripe.Checkout.Session, "payment_intent" | "invoice">;

/** Charges the amount of a session without an invoice. */
export function chargeCheckout(
  work: Work,
  session: Stripe.Checkout.Session,
  customer: Stripe.Customer | null,
  plan: CheckoutPlan,
): PaidWith {
  const intent = tryCard(work, session, plan, { card: "pm_card_visa", customer });
  return { payment_intent: intent.id, invoice: null };
}

/** Charges the amount of a session with an invoice for its lines. */
export function invoiceCheckout(
  work: Work,
  customer: Stripe.Customer,
  plan: CheckoutPlan,
  reductions: Pick<Bill, "metadata" | "discount" | "taxed">,
): PaidWith {
  const now = nowInSeconds();
  const { id } = sendInvoice(work, {
    customer,
    items: plan.lineItems.flatMap(({ price, quantity }) =>
      price ? [{ price, quantity: quantity ?? 1 }] : []
    ),
    reason: "manual",
    period: { start: now, end: now },
    ...reductions,
  });
  const intentId = idOf(paymentOf(work, id)?.payment.payment_intent);
  if (intentId !== null) {
    update(work, "payment_intent", intentId, { metadata: plan.paymentIntentMetadata });
    const method = insert(work, "payment_method", buildPaymentMethod("pm_card_visa"));
    collectInvoice(work, id, { outcome: "succeeded", method });
  }
  return { payment_intent: intentId, invoice: id };
}

/** Declines the card of a session. */
export function declineCheckout(
  work: Work,
  session: Stripe.Checkout.Session,
  plan: CheckoutPlan,
): void {
  tryCard(work, session, plan, { card: "pm_card_chargeCustomerFail", customer: null });
}

function tryCard(
  work: Work,
  { amount_total, currency, customer: customerId }: Stripe.Checkout.Session,
  { paymentIntentMetadata }: CheckoutPlan,
  { card, customer }: { card: CardName; customer: Stripe.Customer | null },
): Stripe.PaymentIntent {
  const intent = insert(
    work,
    "payment_intent",
    buildPaymentIntent({
      amount: amount_total ?? 0,
      currency: currency ?? "usd",
      customer: customer?.id ?? idOf(customerId),
      metadata: paymentIntentMetadata,
    }),
    "payment_intent.created",
  );
  const method = insert(work, "payment_method", buildPaymentMethod(card));
  return attemptPayment(work, { intentId: intent.id, method });
}
