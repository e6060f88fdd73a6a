import type Stripe from "stripe";
import { invalid } from "../http/api-error.ts";
import { type Bill, buildInvoice } from "./build-invoice.ts";
import { buildPaymentIntent } from "../objects/build-payment.ts";
import { findObject, idOf } from "../http/find-objects.ts";
import { randomText } from "../new-id.ts";
import { nowInSeconds } from "../periods.ts";
import { endDiscount, reductionsOf } from "../objects/discounts.ts";
import { buildInvoicePayment, markPaid, paymentOf } from "./settle-invoice.ts";
import { announce, insert, update, type Work } from "../work.ts";

/** Creates a draft of an invoice, which does not ask for payment yet. */
export function draftInvoice(work: Work, bill: Bill): Stripe.Invoice {
  const customer = findObject(work.state, "customer", bill.customer.id);
  const sequence = customer.next_invoice_sequence ?? 1;
  const number = `${customer.invoice_prefix ?? "PARLEY"}-${String(sequence).padStart(4, "0")}`;
  const reduced = { ...bill, ...reductionsOf(work, bill) };
  const invoice = insert(work, "invoice", { ...buildInvoice(reduced), number }, "invoice.created");
  endDiscount(work, bill, reduced.discount);
  update(work, "customer", customer.id, { next_invoice_sequence: sequence + 1 });
  if (!customer.currency) {
    update(work, "customer", customer.id, { currency: invoice.currency }, "customer.updated");
  }
  if (bill.subscription) {
    update(work, "subscription", bill.subscription.id, { latest_invoice: invoice.id });
  }
  return invoice;
}

/** Finalizes an invoice: it gets a PaymentIntent, or is paid at once if its total is zero. */
export function finalizeInvoice(work: Work, id: string): Stripe.Invoice {
  const draft = findObject(work.state, "invoice", id);
  if (draft.status !== "draft") {
    throw invalid("You can only finalize draft invoices.", undefined, "invoice_not_editable");
  }
  const address = `https://invoice.stripe.com/i/${randomText(24)}`;
  const at = nowInSeconds();
  update(work, "invoice", id, {
    effective_at: at,
    ending_balance: 0,
    hosted_invoice_url: address,
    invoice_pdf: `${address}/pdf`,
    status: "open",
    status_transitions: { ...draft.status_transitions, finalized_at: at },
  });
  const open = announce(work, "invoice", id, "invoice.finalized");
  if (open.amount_due === 0) return markPaid(work, id);
  requestPayment(work, open);
  return open;
}

/** Creates an invoice and finalizes it. */
export function sendInvoice(work: Work, bill: Bill): Stripe.Invoice {
  return finalizeInvoice(work, draftInvoice(work, bill).id);
}

/** Voids an invoice; throws Stripe's 400 if it is neither open nor uncollectible. */
export function voidInvoice(work: Work, id: string): Stripe.Invoice {
  const { status, status_transitions } = findObject(work.state, "invoice", id);
  if (status !== "open" && status !== "uncollectible") {
    throw invalid("You can only void open or uncollectible invoices.");
  }
  const transitions = { ...status_transitions, voided_at: nowInSeconds() };
  withdrawPayment(work, id);
  return update(work, "invoice", id, {
    auto_advance: false,
    next_payment_attempt: null,
    status: "void",
    status_transitions: transitions,
  }, "invoice.voided");
}

/** Marks an invoice as uncollectible. */
export function markUncollectible(work: Work, id: string): Stripe.Invoice {
  const { status_transitions } = findObject(work.state, "invoice", id);
  const transitions = { ...status_transitions, marked_uncollectible_at: nowInSeconds() };
  return update(work, "invoice", id, {
    auto_advance: false,
    status: "uncollectible",
    status_transitions: transitions,
  }, "invoice.marked_uncollectible");
}

function withdrawPayment(work: Work, invoiceId: string): void {
  const payment = paymentOf(work, invoiceId);
  if (!payment) return;
  const canceled_at = nowInSeconds();
  update(work, "invoice_payment", payment.id, {
    status: "canceled",
    status_transitions: { canceled_at, paid_at: null },
  });
  update(work, "payment_intent", idOf(payment.payment.payment_intent) ?? "", {
    canceled_at,
    cancellation_reason: "void_invoice",
    status: "canceled",
  }, "payment_intent.canceled");
}

function requestPayment(work: Work, invoice: Stripe.Invoice): void {
  const intent = insert(
    work,
    "payment_intent",
    buildPaymentIntent({
      amount: invoice.amount_due,
      currency: invoice.currency,
      customer: idOf(invoice.customer),
      description: invoice.parent ? "Subscription creation" : `Payment for invoice ${invoice.id}`,
      setup_future_usage: invoice.parent ? "off_session" : null,
    }),
    "payment_intent.created",
  );
  insert(work, "invoice_payment", buildInvoicePayment(invoice, intent, true));
}
