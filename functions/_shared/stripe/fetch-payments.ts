import type Stripe from "stripe";
import { mapProduct } from "./map-catalogue.ts";
import { type FullInvoice, mapPayment, mapSettledInvoice } from "./map-payment.ts";
import { idOf, isMissing } from "./client.ts";
import type { StripeObject } from "./stripe-objects.ts";

const PAGE = 100;

/** Returns the products among `ids` that the database already has. */
export type FindKnownProducts = (ids: string[]) => Promise<Set<string>>;

/**
 * Fetches the payments of an invoice, which must have them expanded, and those products of its lines that the database
 * does not have. A change of a product comes with its own event.
 */
export async function fetchInvoicePayments(
  stripe: Stripe,
  invoice: Stripe.Invoice,
  findKnownProducts: FindKnownProducts,
): Promise<StripeObject[]> {
  const billed = { invoice, lines: await fetchLines(stripe, invoice) };
  const paid = await fetchPaymentsOf(stripe, invoice);
  const intents = paid.map(({ payment }) => idOf(payment.payment_intent)).filter((id) =>
    id !== null
  );
  const isPaidByIntent = paid.some(({ status, payment }) =>
    status === "paid" && payment.payment_intent
  );
  const [products, payments] = await Promise.all([
    fetchProducts(stripe, billed.lines, findKnownProducts),
    Promise.all(intents.map((intentId) => fetchIntent(stripe, intentId, billed))),
  ]);
  const settled = invoice.status === "paid" && !isPaidByIntent ? [mapSettledInvoice(billed)] : [];
  return [...products, ...payments, ...settled];
}

/** Returns all payments of an invoice. Fetches them only if the invoice does not contain all of them. */
async function fetchPaymentsOf(
  stripe: Stripe,
  { id, payments }: Stripe.Invoice,
): Promise<Stripe.InvoicePayment[]> {
  if (!payments?.has_more || !id) return payments?.data ?? [];
  return await Array.fromAsync(stripe.invoicePayments.list({ invoice: id, limit: PAGE }));
}

/** Fetches a PaymentIntent with its charge, refunds and disputes. `billed` is its invoice if it has one. */
export async function fetchIntent(
  stripe: Stripe,
  intentId: string,
  billed: FullInvoice | null,
): Promise<StripeObject> {
  const expand = ["latest_charge.balance_transaction"];
  const intent = await stripe.paymentIntents.retrieve(intentId, { expand });
  const charge = typeof intent.latest_charge === "string" ? null : intent.latest_charge;
  const wanted = { payment_intent: intentId, limit: PAGE };
  const [refunds, disputes] = await Promise.all([
    charge?.amount_refunded ? stripe.refunds.list(wanted) : null,
    charge?.disputed ? stripe.disputes.list(wanted) : null,
  ]);
  return mapPayment({
    intent,
    refunds: refunds?.data ?? [],
    disputes: disputes?.data ?? [],
    billed,
  });
}

/** Returns all lines of an invoice. Fetches them only if the invoice does not contain all of them. */
async function fetchLines(
  stripe: Stripe,
  { id, lines }: Stripe.Invoice,
): Promise<Stripe.InvoiceLineItem[]> {
  if (!lines.has_more || !id) return lines.data;
  return await Array.fromAsync(stripe.invoices.listLineItems(id, { limit: PAGE }));
}

async function fetchProducts(
  stripe: Stripe,
  lines: Stripe.InvoiceLineItem[],
  findKnownProducts: FindKnownProducts,
): Promise<StripeObject[]> {
  const ids = new Set(lines.flatMap(({ pricing }) => pricing?.price_details?.product ?? []));
  if (ids.size === 0) return [];
  const known = await findKnownProducts([...ids]);
  const unknown = [...ids].filter((id) => !known.has(id));
  return await Promise.all(unknown.map((id) => fetchProduct(stripe, id)));
}

/** Fetches a product. A product that Stripe does not know is returned as missing. */
export async function fetchProduct(stripe: Stripe, id: string): Promise<StripeObject> {
  try {
    return mapProduct(await stripe.products.retrieve(id));
  } catch (error) {
    if (isMissing(error)) return { kind: "product", is_missing: true, fields: { id } };
    throw error;
  }
}
