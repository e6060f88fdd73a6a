import type Stripe from "stripe";
import type { Json } from "../../../types/database.ts";
import { idOf, toIso } from "./client.ts";
import type { PaymentFields, StripeObject } from "./stripe-objects.ts";

/** An invoice with all of its lines. */
export interface FullInvoice {
  invoice: Stripe.Invoice;
  lines: Stripe.InvoiceLineItem[];
}

/** A PaymentIntent with its refunds, disputes and invoice. */
export interface FullPayment {
  /** Has its latest charge and the charge's balance transaction expanded. */
  intent: Stripe.PaymentIntent;
  refunds: Stripe.Refund[];
  disputes: Stripe.Dispute[];
  billed: FullInvoice | null;
}

/** Maps a PaymentIntent for the database. */
export function mapPayment({ intent, refunds, disputes, billed }: FullPayment): StripeObject {
  const charge = readCharge(intent);
  const tax = billed ? taxOf(billed.invoice) : null;
  return {
    kind: "payment",
    fields: {
      ...mapInvoiceFields(billed),
      ...mapSettlement(charge, tax),
      ...mapMethod(charge),
      stripe_payment_intent_id: intent.id,
      stripe_customer_id: idOf(intent.customer) ?? idOf(billed?.invoice.customer),
      status: statusOf(intent, charge, disputes),
      description: intent.description ?? billed?.invoice.description ?? null,
      amount: intent.amount,
      tax,
      refunded_amount: charge?.amount_refunded ?? 0,
      currency: intent.currency,
      payment_method: idOf(intent.payment_method),
      error_code: intent.last_payment_error?.decline_code ?? intent.last_payment_error?.code ??
        null,
      error_message: intent.last_payment_error?.message ?? null,
      receipt_link: charge?.receipt_url ?? null,
      billing: charge ? toJson(charge.billing_details) : null,
      refunds: refunds.map(mapRefund),
      disputes: disputes.map(mapDispute),
      metadata: { ...metadataOf(billed), ...intent.metadata },
      paid_at: toIso(
        billed?.invoice.status_transitions.paid_at ?? (charge?.paid ? charge.created : null),
      ),
      created_at: toIso(intent.created),
    },
  };
}

/** Maps an invoice that was paid without a PaymentIntent for the database. */
export function mapSettledInvoice(billed: FullInvoice): StripeObject {
  const { invoice } = billed;
  return {
    kind: "payment",
    fields: {
      ...mapInvoiceFields(billed),
      ...mapSettlement(null, null),
      ...mapMethod(null),
      stripe_payment_intent_id: null,
      stripe_customer_id: idOf(invoice.customer),
      status: "completed",
      description: invoice.description,
      amount: invoice.total,
      tax: taxOf(invoice),
      refunded_amount: 0,
      currency: invoice.currency,
      payment_method: null,
      error_code: null,
      error_message: null,
      receipt_link: null,
      billing: null,
      refunds: [],
      disputes: [],
      metadata: metadataOf(billed),
      paid_at: toIso(invoice.status_transitions.paid_at),
      created_at: toIso(invoice.created),
    },
  };
}

/** Returns the metadata of an invoice and its subscription: the PaymentIntent of a subscription has none. */
function metadataOf(billed: FullInvoice | null): Stripe.Metadata {
  const { parent, metadata } = billed?.invoice ?? {};
  return { ...parent?.subscription_details?.metadata, ...metadata };
}

/** Returns the id of the subscription that an invoice is for. */
export function subscriptionOf({ parent }: Stripe.Invoice): string | null {
  return idOf(parent?.subscription_details?.subscription);
}

function readCharge({ latest_charge: charge }: Stripe.PaymentIntent): Stripe.Charge | null {
  return typeof charge === "string" ? null : charge;
}

function statusOf(
  intent: Stripe.PaymentIntent,
  charge: Stripe.Charge | null,
  disputes: Stripe.Dispute[],
): PaymentFields["status"] {
  if (disputes.some(isOpenOrLost)) return "disputed";
  const refunded = charge?.amount_refunded ?? 0;
  if (refunded > 0) return refunded >= intent.amount ? "refunded" : "partially_refunded";
  if (intent.status === "succeeded") return "completed";
  const hasFailed = intent.status === "canceled" ||
    intent.status === "requires_payment_method" && intent.last_payment_error !== null;
  return hasFailed ? "failed" : "pending";
}

/**
 * Returns true for a dispute that is open or lost. A warning is only an inquiry, and no money has moved.
 * Source: https://docs.stripe.com/disputes/how-disputes-work
 */
function isOpenOrLost({ status }: Stripe.Dispute): boolean {
  return !status.startsWith("warning_") && status !== "won" && status !== "prevented";
}

function mapInvoiceFields(billed: FullInvoice | null) {
  const invoice = billed?.invoice;
  return {
    stripe_invoice_id: invoice?.id ?? null,
    stripe_subscription_id: invoice ? subscriptionOf(invoice) : null,
    invoice_status: invoice?.status ?? null,
    invoice_link: invoice?.invoice_pdf ?? null,
    payment_link: invoice?.hosted_invoice_url ?? null,
    discount_id: idOf(invoice?.discounts[0]),
    customer: invoice ? { name: invoice.customer_name, email: invoice.customer_email } : null,
    product_cart: billed?.lines.map(mapLine) ?? [],
  };
}

function mapSettlement(charge: Stripe.Charge | null, tax: number | null) {
  const settled = charge?.balance_transaction;
  if (!settled || typeof settled === "string") {
    return { settlement_amount: null, settlement_currency: null, settlement_tax: null };
  }
  return {
    settlement_amount: settled.amount,
    settlement_currency: settled.currency,
    settlement_tax: tax === null ? null : Math.round(tax * (settled.exchange_rate ?? 1)),
  };
}

function mapMethod(charge: Stripe.Charge | null) {
  const details = charge?.payment_method_details;
  return {
    payment_method_type: details?.type ?? null,
    card_network: details?.card?.network ?? details?.card?.brand ?? null,
    card_type: details?.card?.funding ?? null,
    card_last_four: details?.card?.last4 ?? null,
    card_issuing_country: details?.card?.country ?? null,
  };
}

function mapLine(
  { id, description, amount, currency, quantity, pricing, parent, period }: Stripe.InvoiceLineItem,
) {
  const proration = parent?.subscription_item_details?.proration ??
    parent?.invoice_item_details?.proration ?? false;
  return {
    id,
    description,
    amount,
    currency,
    quantity,
    proration,
    price: idOf(pricing?.price_details?.price),
    product: pricing?.price_details?.product ?? null,
    period: { start: toIso(period.start), end: toIso(period.end) },
  };
}

function mapRefund({ id, amount, currency, status, reason, created }: Stripe.Refund) {
  return { id, amount, currency, status, reason, created_at: toIso(created) };
}

function mapDispute({ id, amount, currency, status, reason, created }: Stripe.Dispute) {
  return { id, amount, currency, status, reason, created_at: toIso(created) };
}

function taxOf({ total_taxes }: Stripe.Invoice): number {
  return (total_taxes ?? []).reduce((sum, { amount }) => sum + amount, 0);
}

/** Returns an object of Stripe as JSON. Its type also has methods of the client. */
function toJson(value: object): Json {
  return JSON.parse(JSON.stringify(value));
}
