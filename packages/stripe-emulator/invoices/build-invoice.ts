import Stripe from "stripe";
import { idOf } from "../http/find-objects.ts";
import { newId } from "../new-id.ts";
import { listOf } from "../http/paginate.ts";
import { nowInSeconds } from "../periods.ts";
import { type Amounts, computeTotal, TAX_RATE_ID } from "./compute-total.ts";

/** One thing that an invoice charges for. */
export interface BilledItem {
  price: Stripe.Price;
  quantity: number;
  /** The id of the subscription item; absent for a one-time purchase. */
  subscriptionItem?: string;
  /** Whether the item is free for now, during a trial. */
  free?: boolean;
}

/** The content of an invoice. */
export interface Bill {
  customer: Stripe.Customer;
  items: readonly BilledItem[];
  reason: Stripe.Invoice.BillingReason;
  period: Stripe.InvoiceLineItem.Period;
  subscription?: Stripe.Subscription;
  metadata?: Stripe.Metadata;
  /** What the bill is reduced by. */
  discount?: { id: string; coupon: Stripe.Coupon };
  /** Whether Stripe Tax adds tax. */
  taxed?: boolean;
}

/** Returns a draft of an invoice for `bill`. */
export function buildInvoice(bill: Bill): Stripe.Invoice {
  const { customer, subscription, period } = bill;
  const id = newId("in");
  const lines = bill.items.map((item) => buildLine(id, item, bill));
  const subtotal = lines.reduce((sum, { amount }) => sum + amount, 0);
  const amounts = computeTotal(subtotal, bill.discount?.coupon, bill.taxed);
  return {
    ...EMPTY_INVOICE,
    id,
    ...amountsDue(amounts.total),
    ...showReductions(bill, subtotal, amounts),
    billing_reason: bill.reason,
    created: nowInSeconds(),
    currency: subscription?.currency ?? bill.items[0]?.price.currency ?? "usd",
    customer: customer.id,
    customer_address: customer.address ?? null,
    customer_email: customer.email,
    customer_name: customer.name ?? null,
    customer_phone: customer.phone ?? null,
    default_payment_method: null,
    lines: listOf(lines, `/v1/invoices/${id}/lines`),
    metadata: bill.metadata ?? {},
    parent: subscription ? parentOf(subscription) : null,
    period_end: period.start,
    period_start: period.start,
  };
}

/** Returns the amounts of an unpaid invoice. */
function amountsDue(total: number) {
  return {
    amount_due: total,
    amount_paid: 0,
    amount_remaining: total,
    subtotal: total,
    subtotal_excluding_tax: total,
    total,
    total_excluding_tax: total,
  };
}

function showReductions(
  { discount, taxed = false }: Bill,
  subtotal: number,
  { reduction, tax, total }: Amounts,
): Partial<Stripe.Invoice> {
  return {
    subtotal,
    subtotal_excluding_tax: subtotal,
    total_excluding_tax: total - tax,
    ...discount && {
      discounts: [discount.id],
      total_discount_amounts: [{ amount: reduction, discount: discount.id }],
    },
    ...taxed && {
      automatic_tax: { ...EMPTY_INVOICE.automatic_tax, enabled: true, status: "complete" },
      total_taxes: [{
        amount: tax,
        tax_behavior: "exclusive",
        tax_rate_details: { tax_rate: TAX_RATE_ID },
        taxability_reason: "standard_rated",
        taxable_amount: subtotal - reduction,
        type: "tax_rate_details",
      }],
    },
  };
}

function parentOf({ id, metadata }: Stripe.Subscription): Stripe.Invoice.Parent {
  return {
    quote_details: null,
    subscription_details: { metadata, subscription: id },
    type: "subscription_details",
  };
}

function buildLine(
  invoice: string,
  item: BilledItem,
  { period, subscription }: Bill,
): Stripe.InvoiceLineItem {
  const { price, quantity, free = false } = item;
  const unitAmount = free ? 0 : price.unit_amount ?? 0;
  const amount = unitAmount * quantity;
  return {
    id: newId("il"),
    object: "line_item",
    amount,
    currency: price.currency,
    description: `${quantity} × ${price.nickname ?? price.id}`,
    discount_amounts: [],
    discountable: true,
    discounts: [],
    invoice,
    livemode: false,
    metadata: subscription?.metadata ?? {},
    parent: lineParentOf(item, subscription),
    period,
    pretax_credit_amounts: [],
    pricing: {
      price_details: { price: price.id, product: idOf(price.product) ?? "" },
      type: "price_details",
      unit_amount_decimal: Stripe.Decimal.from(unitAmount),
    },
    quantity,
    quantity_decimal: Stripe.Decimal.from(quantity),
    subscription: subscription?.id ?? null,
    subtotal: amount,
    taxes: [],
  };
}

function lineParentOf(
  { subscriptionItem }: BilledItem,
  subscription?: Stripe.Subscription,
): Stripe.InvoiceLineItem.Parent {
  const proration = { proration: false, proration_details: { credited_items: null } };
  return subscriptionItem === undefined
    ? {
      invoice_item_details: { invoice_item: newId("ii"), ...proration, subscription: null },
      subscription_item_details: null,
      type: "invoice_item_details",
    }
    : {
      invoice_item_details: null,
      subscription_item_details: {
        invoice_item: null,
        ...proration,
        subscription: subscription?.id ?? null,
        subscription_item: subscriptionItem,
      },
      type: "subscription_item_details",
    };
}

const EMPTY_INVOICE: Omit<Stripe.Invoice, "id"> = {
  object: "invoice",
  account_country: "US",
  account_name: "Parley",
  account_tax_ids: null,
  amount_overpaid: 0,
  amount_shipping: 0,
  ...amountsDue(0),
  application: null,
  attempt_count: 0,
  attempted: false,
  auto_advance: true,
  automatic_tax: {
    disabled_reason: null,
    enabled: false,
    liability: null,
    provider: null,
    status: null,
  },
  automatically_finalizes_at: null,
  billing_reason: "manual",
  collection_method: "charge_automatically",
  created: 0,
  currency: "usd",
  custom_fields: null,
  customer: null,
  customer_account: null,
  customer_address: null,
  customer_email: null,
  customer_name: null,
  customer_phone: null,
  customer_shipping: null,
  customer_tax_exempt: "none",
  customer_tax_ids: [],
  default_payment_method: null,
  default_source: null,
  default_tax_rates: [],
  description: null,
  discounts: [],
  due_date: null,
  effective_at: null,
  ending_balance: null,
  footer: null,
  from_invoice: null,
  hosted_invoice_url: null,
  invoice_pdf: null,
  issuer: { type: "self" },
  last_finalization_error: null,
  latest_revision: null,
  lines: listOf([], "/v1/invoices"),
  livemode: false,
  metadata: {},
  next_payment_attempt: null,
  number: null,
  on_behalf_of: null,
  parent: null,
  payment_settings: {
    default_mandate: null,
    payment_method_options: null,
    payment_method_types: null,
  },
  period_end: 0,
  period_start: 0,
  post_payment_credit_notes_amount: 0,
  pre_payment_credit_notes_amount: 0,
  receipt_number: null,
  rendering: null,
  shipping_cost: null,
  shipping_details: null,
  starting_balance: 0,
  statement_descriptor: null,
  status: "draft",
  status_transitions: {
    finalized_at: null,
    marked_uncollectible_at: null,
    paid_at: null,
    voided_at: null,
  },
  test_clock: null,
  total_discount_amounts: [],
  total_pretax_credit_amounts: [],
  total_taxes: [],
  webhooks_delivered_at: null,
};
