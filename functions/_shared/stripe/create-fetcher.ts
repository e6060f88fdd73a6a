import type Stripe from "stripe";
import { idOf } from "./client.ts";
import { fetchIntent, fetchInvoicePayments, type FindKnownProducts } from "./fetch-payments.ts";
import { completeItems, mapWithArrears } from "./fetch-subscription.ts";
import { mapCustomer, mapPriceContext } from "./map-catalogue.ts";
import { subscriptionOf } from "./map-payment.ts";
import type { StripeObject } from "./stripe-objects.ts";

/** Stripe's lists and nested objects that a subscription brings along, so that they need no requests of their own. */
const WITH_SUBSCRIPTION = ["customer", "items.data.price.product", "latest_invoice.payments"];

/** Fetches objects with all that is stored with them. A fetcher fetches each object once. */
export interface Fetcher {
  customer(id: string): Promise<StripeObject[]>;
  /** Fetches a subscription with its customer, prices and products. */
  subscription(id: string): Promise<StripeObject[]>;
  /** Fetches an invoice: its payments, the new products of its lines, and its subscription. */
  invoice(id: string): Promise<StripeObject[]>;
  /** Fetches a PaymentIntent, or its whole invoice if it has one. */
  payment(intentId: string): Promise<StripeObject[]>;
}

/** Creates a fetcher. Its results are of one moment, so each ticket needs a fetcher of its own. */
export function createFetcher(stripe: Stripe, findKnownProducts: FindKnownProducts): Fetcher {
  const fetched = new Map<string, Promise<StripeObject[]>>();
  /** Invoices with their payments. A subscription brings its latest one along. */
  const invoices = new Map<string, Stripe.Invoice>();

  const once = (id: string, fetch: () => Promise<StripeObject[]>) => {
    const result = fetched.get(id) ?? fetch();
    fetched.set(id, result);
    return result;
  };
  const customer = (id: string) =>
    once(id, async () => [mapCustomer(await stripe.customers.retrieve(id))]);
  const subscription = (id: string) =>
    once(id, async () => {
      const subscription = await completeItems(
        stripe,
        await stripe.subscriptions.retrieve(id, { expand: WITH_SUBSCRIPTION }),
      );
      const { customer: payer, items, latest_invoice: latest } = subscription;
      const customers = typeof payer === "string" ? [] : [mapCustomer(payer)];
      if (typeof payer !== "string") fetched.set(payer.id, Promise.resolve(customers));
      if (latest && typeof latest !== "string" && latest.id) invoices.set(latest.id, latest);
      return [
        ...items.data.flatMap(({ price }) => mapPriceContext(price)),
        ...customers,
        await mapWithArrears(stripe, subscription),
      ];
    });
  const invoice = (id: string) =>
    once(id, async () => {
      const whole = invoices.get(id) ??
        await stripe.invoices.retrieve(id, { expand: ["payments"] });
      invoices.set(id, whole);
      const subscriptionId = subscriptionOf(whole);
      const [payments, billed] = await Promise.all([
        fetchInvoicePayments(stripe, whole, findKnownProducts),
        subscriptionId ? subscription(subscriptionId) : [],
      ]);
      return [...payments, ...billed];
    });
  const payment = (intentId: string) =>
    once(intentId, async () => {
      const invoiceId = findInvoice(invoices, intentId) ?? await askForInvoice(stripe, intentId);
      return invoiceId ? await invoice(invoiceId) : [await fetchIntent(stripe, intentId, null)];
    });
  return { customer, subscription, invoice, payment };
}

function findInvoice(invoices: Map<string, Stripe.Invoice>, intentId: string): string | undefined {
  const paidBy = ({ payments }: Stripe.Invoice) =>
    payments?.data.some(({ payment }) => idOf(payment.payment_intent) === intentId) ?? false;
  return [...invoices].find(([, invoice]) => paidBy(invoice))?.[0];
}

async function askForInvoice(stripe: Stripe, intentId: string): Promise<string | null> {
  const { data } = await stripe.invoicePayments.list({
    payment: { type: "payment_intent", payment_intent: intentId },
    limit: 1,
  });
  return idOf(data[0]?.invoice);
}
