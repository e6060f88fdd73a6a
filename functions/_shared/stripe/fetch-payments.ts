import type Stripe from "stripe";
import { mapProduct } from "./map-catalogue.ts";
import { type FullInvoice, mapPayment, mapSettledInvoice, subscriptionOf } from "./map-payment.ts";
import { fetchSubscription } from "./fetch-subscription.ts";
import { idOf, isMissing } from "./client.ts";
import type { StripeObject } from "./stripe-objects.ts";

const PAGE = 100;

/** Fetches a PaymentIntent, or its whole invoice if it has one. */
export async function fetchPayment(stripe: Stripe, intentId: string): Promise<StripeObject[]> {
  const { data } = await stripe.invoicePayments.list({
    payment: { type: "payment_intent", payment_intent: intentId },
    limit: 1,
  });
  const invoiceId = idOf(data[0]?.invoice);
  return invoiceId
    ? await fetchInvoice(stripe, invoiceId)
    : [await fetchIntent(stripe, intentId, null)];
}

/** Fetches an invoice: its payments, the products of its lines, and its subscription. */
export async function fetchInvoice(stripe: Stripe, invoiceId: string): Promise<StripeObject[]> {
  const invoice = await stripe.invoices.retrieve(invoiceId, { expand: ["payments"] });
  return await expandInvoice(stripe, invoice);
}

/** Returns everything that is stored for an invoice. The invoice must have its payments expanded. */
async function expandInvoice(
  stripe: Stripe,
  invoice: Stripe.Invoice,
): Promise<StripeObject[]> {
  const subscriptionId = subscriptionOf(invoice);
  const [payments, subscription] = await Promise.all([
    fetchInvoicePayments(stripe, invoice),
    subscriptionId ? fetchSubscription(stripe, subscriptionId) : [],
  ]);
  return [...payments, ...subscription];
}

/** Fetches the payments of an invoice, which must have them expanded, and the products of its lines. */
export async function fetchInvoicePayments(
  stripe: Stripe,
  invoice: Stripe.Invoice,
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
    fetchProducts(stripe, billed.lines),
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

async function fetchIntent(
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
): Promise<StripeObject[]> {
  const ids = new Set(lines.flatMap(({ pricing }) => pricing?.price_details?.product ?? []));
  return await Promise.all([...ids].map((id) => fetchProduct(stripe, id)));
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
