import type Stripe from "stripe";
import { ApiError, invalid } from "../http/api-error.ts";
import { attemptPayment } from "../objects/attempt-payment.ts";
import type { Outcome } from "../objects/cards.ts";
import { findObject, idOf, lookUp } from "../http/find-objects.ts";
import { markPaid, paymentOf, settleInvoice } from "./settle-invoice.ts";
import { subscriptionOf } from "../subscriptions/subscription-status.ts";
import type { Work } from "../work.ts";

/** The payment of an invoice; absent properties are chosen as Stripe chooses them. */
export interface CollectOptions {
  outcome?: Outcome;
  method?: Stripe.PaymentMethod | null;
}

/** Tries to collect an open invoice; the invoice shows the result. */
export function collectInvoice(
  work: Work,
  id: string,
  { outcome, method }: CollectOptions = {},
): Stripe.Invoice {
  const invoice = findObject(work.state, "invoice", id);
  const intentId = idOf(paymentOf(work, id)?.payment.payment_intent);
  if (invoice.status === "open" && intentId !== null) {
    const chosen = method === undefined ? methodFor(work, invoice) : method;
    settleInvoice(work, attemptPayment(work, { intentId, method: chosen, outcome }));
  }
  return findObject(work.state, "invoice", id);
}

/** Pays an invoice like the API's pay endpoint; throws Stripe's 402 if the payment is declined. */
export function payInvoice(
  work: Work,
  id: string,
  options: CollectOptions & { outOfBand?: boolean } = {},
): Stripe.Invoice {
  const { status } = findObject(work.state, "invoice", id);
  if (status === "paid") {
    throw invalid("Invoice is already paid", undefined, "invoice_already_paid");
  }
  if (status !== "open" && status !== "uncollectible") {
    throw invalid(`Invoice is ${status} and cannot be paid.`);
  }
  if (options.outOfBand) return markPaid(work, id);
  const invoice = collectInvoice(work, id, options);
  if (invoice.status !== "paid") throw declined(work, id);
  return invoice;
}

/** Returns the payment method for a customer's subscription: its own, or else the customer's default. */
export function defaultMethod(
  { state }: Pick<Work, "state">,
  customer: Stripe.Customer,
  subscription?: Stripe.Subscription | null,
): Stripe.PaymentMethod | null {
  return lookUp(state, "payment_method", subscription?.default_payment_method) ??
    lookUp(state, "payment_method", customer.invoice_settings.default_payment_method);
}

/** Returns Stripe's 402 for a declined card. */
function declined(work: Work, invoiceId: string): ApiError {
  const intent = lookUp(
    work.state,
    "payment_intent",
    paymentOf(work, invoiceId)?.payment.payment_intent,
  );
  return cardError(intent ?? undefined);
}

/** Returns Stripe's 402 for a PaymentIntent that did not succeed. */
export function cardError(intent?: Stripe.PaymentIntent): ApiError {
  const error = intent?.last_payment_error;
  return new ApiError(402, error?.message ?? "Your card was declined.", {
    type: "card_error",
    code: error?.code ?? "card_declined",
    decline_code: error?.decline_code,
    payment_intent: intent,
  });
}

function methodFor(work: Work, invoice: Stripe.Invoice): Stripe.PaymentMethod | null {
  const customer = lookUp(work.state, "customer", invoice.customer);
  return customer && defaultMethod(work, customer, subscriptionOf(work, invoice));
}
