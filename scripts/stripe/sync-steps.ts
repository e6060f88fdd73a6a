import type Stripe from "stripe";
import { mapCheckout } from "../../functions/stripe-webhook/fetch-checkout.ts";
import { createFetcher } from "../../functions/_shared/stripe/create-fetcher.ts";
import {
  fetchInvoicePayments,
  type FindKnownProducts,
} from "../../functions/_shared/stripe/fetch-payments.ts";
import { mapWithArrears } from "../../functions/_shared/stripe/fetch-subscription.ts";
import { mapCustomer, mapPrice, mapProduct } from "../../functions/_shared/stripe/map-catalogue.ts";
import { mapAtOnce } from "../../functions/_shared/session-files/map-at-once.ts";
import type { StripeObject } from "../../functions/_shared/stripe/stripe-objects.ts";

/** One page of a list at Stripe, converted for the database. */
export interface ListedPage {
  objects: StripeObject[];
  /** The ids of the listed objects, in the order of the list. */
  ids: string[];
  hasMore: boolean;
}

/** The start of a page. */
export interface PageStart {
  /** The last id of the previous page. */
  after?: string;
  /** Older invoices and checkouts are skipped. In Unix seconds. */
  since: number;
  /** Returns the PaymentIntents that the sync has already written with their invoices. */
  findWritten(intentIds: string[]): Promise<Set<string>>;
  findKnownProducts: FindKnownProducts;
}

/** Fetches one page of a step. */
export type ListPage = (stripe: Stripe, start: PageStart) => Promise<ListedPage>;

const PAGE = 100;
/** The objects of a page that are fetched at the same time. The client keeps Stripe's limit. */
const AT_ONCE = 10;
/** Smaller than other pages, because each invoice takes several requests. */
const INVOICE_PAGE = 20;

/** The steps of a sync. Objects come after the objects that they refer to. */
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
  invoices: async (stripe, { after, since, findKnownProducts }) =>
    mapPage(
      await stripe.invoices.list({
        ...page(after),
        limit: INVOICE_PAGE,
        created: { gte: since },
        expand: ["data.payments"],
      }),
      (each) => fetchInvoicePayments(stripe, each, findKnownProducts),
    ),
  // Only payments without an invoice: the step before has written the others.
  payments: async (stripe, { after, since, findWritten, findKnownProducts }) => {
    const listed = await stripe.paymentIntents.list({ ...page(after), created: { gte: since } });
    const written = await findWritten(listed.data.map(({ id }) => id));
    const fetcher = createFetcher(stripe, findKnownProducts);
    return await mapPage(listed, ({ id }) => written.has(id) ? [] : fetcher.payment(id));
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
  const objects = (await mapAtOnce(data, AT_ONCE, async (each) => await map(each))).flat();
  const ids = data.map(({ id }) => id).filter((id) => id !== undefined);
  return { objects, ids, hasMore: has_more };
}
