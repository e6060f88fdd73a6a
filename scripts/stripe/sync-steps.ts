import type Stripe from "stripe";
import { mapCheckout } from "../../functions/stripe-webhook/fetch-checkout.ts";
import {
  fetchInvoicePayments,
  fetchPayment,
} from "../../functions/_shared/stripe/fetch-payments.ts";
import { mapWithArrears } from "../../functions/_shared/stripe/fetch-subscription.ts";
import { mapCustomer, mapPrice, mapProduct } from "../../functions/_shared/stripe/map-catalogue.ts";
import type { StripeObject } from "../../functions/_shared/stripe/stripe-objects.ts";

/** One page of a list of Stripe, as it is stored. */
export interface ListedPage {
  objects: StripeObject[];
  /** Ids of what was listed, in its order. */
  ids: string[];
  hasMore: boolean;
}

/** Where a page begins. */
export interface PageStart {
  /** The last id of the page before. */
  after?: string;
  /** Invoices and checkouts that are older, in seconds, are left alone. */
  since: number;
  /** Which of these PaymentIntents the sync has written already, with their invoices. */
  findWritten(intentIds: string[]): Promise<Set<string>>;
}

/** Fetches one page of what a step is about. */
export type ListPage = (stripe: Stripe, start: PageStart) => Promise<ListedPage>;

const PAGE = 100;
/** Each invoice takes several requests. */
const INVOICE_PAGE = 20;

/** All that is fetched, in the order in which it refers to each other. */
export const steps = {
  products: async (stripe, { after }) =>
    mapPage(await stripe.products.list(page(after)), (each) => [mapProduct(each)]),
  prices: async (stripe, { after }) =>
    mapPage(await stripe.prices.list(page(after)), (each) => [mapPrice(each)]),
  customers: async (stripe, { after }) =>
    mapPage(await stripe.customers.list(page(after)), (each) => [mapCustomer(each)]),
  subscriptions: async (stripe, { after }) =>
    mapPage(
      await stripe.subscriptions.list({ ...page(after), status: "all" }),
      async (each) => [await mapWithArrears(stripe, each)],
    ),
  invoices: async (stripe, { after, since }) =>
    mapPage(
      await stripe.invoices.list({
        ...page(after),
        limit: INVOICE_PAGE,
        created: { gte: since },
        expand: ["data.payments"],
      }),
      (each) => fetchInvoicePayments(stripe, each),
    ),
  // Those without an invoice.
  payments: async (stripe, { after, since, findWritten }) => {
    const listed = await stripe.paymentIntents.list({ ...page(after), created: { gte: since } });
    const written = await findWritten(listed.data.map(({ id }) => id));
    return await mapPage(listed, ({ id }) => written.has(id) ? [] : fetchPayment(stripe, id));
  },
  checkouts: async (stripe, { after, since }) =>
    mapPage(
      await stripe.checkout.sessions.list({
        ...page(after),
        created: { gte: since },
        status: "complete",
      }),
      (each) => [mapCheckout(each)],
    ),
} as const satisfies Record<string, ListPage>;

/** The name of a step. */
export type StepName = keyof typeof steps;

function page(after: string | undefined): { limit: number; starting_after?: string } {
  return { limit: PAGE, ...(after && { starting_after: after }) };
}

async function mapPage<Listed extends { id?: string }>(
  { data, has_more }: Stripe.ApiList<Listed>,
  map: (listed: Listed) => StripeObject[] | Promise<StripeObject[]>,
): Promise<ListedPage> {
  const objects: StripeObject[] = [];
  // One after the other: a page of invoices at once would meet the rate limit.
  for (const each of data) objects.push(...await map(each));
  const ids = data.map(({ id }) => id).filter((id) => id !== undefined);
  return { objects, ids, hasMore: has_more };
}
