import type Stripe from "stripe";
import { findObject, idOf } from "../http/find-objects.ts";
import { addDays, nowInSeconds } from "../periods.ts";
import { noteInvoiceFailed, noteInvoicePaid } from "../subscriptions/subscription-status.ts";
import { announce, update, type Work } from "../work.ts";

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

/** Applies the result of a PaymentIntent to its invoice, if it has one. */
export function settleInvoice(work: Work, intent: Stripe.PaymentIntent): void {
  const payment = [...work.state.objects.invoice_payment.values()]
    .find(({ payment }) => idOf(payment.payment_intent) === intent.id);
  const invoiceId = idOf(payment?.invoice);
  if (!payment || invoiceId === null) return;
  if (intent.status === "succeeded") {
    markPaid(work, invoiceId);
    update(work, "invoice_payment", payment.id, {
      amount_paid: intent.amount,
      status: "paid",
      status_transitions: { canceled_at: null, paid_at: nowInSeconds() },
    }, "invoice_payment.paid");
  } else {
    markFailed(work, invoiceId, intent);
  }
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
