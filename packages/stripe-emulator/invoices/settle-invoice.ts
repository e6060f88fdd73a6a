import type Stripe from "stripe";
import { invalid } from "../http/api-error.ts";
import { findObject, idOf } from "../http/find-objects.ts";
import { newId } from "../new-id.ts";
import { addDays, nowInSeconds } from "../periods.ts";
import { noteInvoiceFailed, noteInvoicePaid } from "../subscriptions/subscription-status.ts";
import { announce, insert, update, type Work } from "../work.ts";

/** The number of attempts after which Stripe stops collecting an invoice. */
const MAX_ATTEMPTS = 4;

/** Returns the payment of an invoice; undefined if the total is zero. */
export function paymentOf(
  { state }: Pick<Work, "state">,
  invoiceId: string,
): Stripe.InvoicePayment | undefined {
  return [...state.objects.invoice_payment.values()]
    .find(({ invoice, is_default }) => is_default && idOf(invoice) === invoiceId);
}

/** Applies the result of a PaymentIntent to its invoice, if it has one. Several of them may pay one invoice. */
export function settleInvoice(work: Work, intent: Stripe.PaymentIntent): void {
  const payment = [...work.state.objects.invoice_payment.values()]
    .find(({ payment }) => idOf(payment.payment_intent) === intent.id);
  const invoiceId = idOf(payment?.invoice);
  if (!payment || invoiceId === null) return;
  if (intent.status === "succeeded") {
    const invoice = findObject(work.state, "invoice", invoiceId);
    const amount_paid = invoice.amount_paid + intent.amount;
    if (amount_paid < invoice.amount_due) {
      const amount_remaining = invoice.amount_due - amount_paid;
      update(work, "invoice", invoiceId, { amount_paid, amount_remaining }, "invoice.updated");
      requestRest(work, invoiceId, amount_remaining);
    } else {
      markPaid(work, invoiceId);
    }
    update(work, "invoice_payment", payment.id, {
      amount_paid: intent.amount,
      status: "paid",
      status_transitions: { canceled_at: null, paid_at: nowInSeconds() },
    }, "invoice_payment.paid");
  } else {
    markFailed(work, invoiceId, intent);
  }
}

/** Attaches a PaymentIntent to an open invoice (https://docs.stripe.com/api/invoices/attach_payment). */
export function attachPayment(work: Work, id: string, intentId: string): Stripe.Invoice {
  const invoice = findObject(work.state, "invoice", id);
  const intent = findObject(work.state, "payment_intent", intentId, "payment_intent");
  if (invoice.status !== "open") throw invalid("You can only attach payments to open invoices.");
  if (intent.amount > invoice.amount_remaining) {
    throw invalid("The payment is greater than what remains of the invoice.", "payment_intent");
  }
  insert(work, "invoice_payment", buildInvoicePayment(invoice, intent));
  if (intent.status === "succeeded") settleInvoice(work, intent);
  return findObject(work.state, "invoice", id);
}

/** Returns an open payment of an invoice by a PaymentIntent. */
export function buildInvoicePayment(
  invoice: Stripe.Invoice,
  intent: Stripe.PaymentIntent,
  is_default = false,
): Stripe.InvoicePayment {
  return {
    id: newId("inpay"),
    object: "invoice_payment",
    amount_paid: null,
    amount_requested: intent.amount,
    created: nowInSeconds(),
    currency: invoice.currency,
    invoice: invoice.id,
    is_default,
    livemode: false,
    payment: { payment_intent: intent.id, type: "payment_intent" },
    status: "open",
    status_transitions: { canceled_at: null, paid_at: null },
  };
}

/** Lets the default payment of an invoice ask for no more than what remains. */
function requestRest(work: Work, invoiceId: string, amount: number): void {
  const payment = paymentOf(work, invoiceId);
  if (payment?.status !== "open") return;
  update(work, "invoice_payment", payment.id, { amount_requested: amount });
  update(work, "payment_intent", idOf(payment.payment.payment_intent) ?? "", { amount });
}

/** Marks an invoice as paid, which makes its subscription active. */
export function markPaid(work: Work, id: string): Stripe.Invoice {
  const invoice = findObject(work.state, "invoice", id);
  const transitions = { ...invoice.status_transitions, paid_at: nowInSeconds() };
  update(work, "invoice", id, {
    amount_paid: invoice.amount_due,
    amount_remaining: 0,
    attempt_count: invoice.amount_due === 0 ? 0 : invoice.attempt_count + 1,
    attempted: true,
    auto_advance: false,
    next_payment_attempt: null,
    status: "paid",
    status_transitions: transitions,
  });
  announce(work, "invoice", id, "invoice.paid");
  const paid = announce(work, "invoice", id, "invoice.payment_succeeded");
  noteInvoicePaid(work, paid);
  return paid;
}

function markFailed(work: Work, id: string, intent: Stripe.PaymentIntent): void {
  const before = findObject(work.state, "invoice", id);
  const attempts = before.attempt_count + 1;
  const isLast = attempts >= MAX_ATTEMPTS;
  update(work, "invoice", id, {
    attempt_count: attempts,
    attempted: true,
    auto_advance: !isLast,
    next_payment_attempt: isLast || before.billing_reason === "subscription_create"
      ? null
      : addDays(nowInSeconds(), 3),
  }, "invoice.updated");
  const failed = announce(work, "invoice", id, "invoice.payment_failed");
  if (intent.status === "requires_action") {
    announce(work, "invoice", id, "invoice.payment_action_required");
  }
  noteInvoiceFailed(work, failed, isLast);
}
