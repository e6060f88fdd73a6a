import * as z from "zod";
import { buildPrice, buildProduct, every } from "../objects/build-catalogue.ts";
import { buildCheckoutSession } from "../checkout/build-checkout-session.ts";
import { buildCustomer } from "../objects/build-customer.ts";
import { buildInvoice } from "../invoices/build-invoice.ts";
import { buildCharge, buildPaymentIntent, buildPaymentMethod } from "../objects/build-payment.ts";
import { buildSubscription } from "../subscriptions/build-subscription.ts";
import { findObject } from "../http/find-objects.ts";
import type { Kind, StripeObject } from "../kinds.ts";
import { newId } from "../new-id.ts";
import { parseInput } from "../http/parse-request.ts";
import { nowInSeconds } from "../periods.ts";
import type { EmulatorState } from "../state.ts";

/** The fields of a command that the builders read; all other fields are merged into the object they build. */
const BuildFields = z.looseObject({
  customer: z.string().optional(),
  product: z.string().optional(),
  recurring: z.looseObject({
    interval: z.enum(["day", "week", "month", "year"]),
    interval_count: z.number().optional(),
  }).nullish(),
  unit_amount: z.number().nullish(),
  amount: z.number().default(0),
  currency: z.string().default("usd"),
  invoice: z.string().optional(),
  mode: z.enum(["payment", "subscription"]).default("payment"),
  subscription: z.string().optional(),
  trial_end: z.number().nullish(),
  items: z.array(z.looseObject({ price: z.string(), quantity: z.number().default(1) }))
    .default([]),
});
type BuildFields = z.infer<typeof BuildFields>;

type Builder = (state: EmulatorState, fields: BuildFields) => StripeObject;

/** Kinds that come into being only with another object, such as a refund with its charge. */
const DEPENDENT = [
  "refund",
  "dispute",
  "balance_transaction",
  "coupon",
  "promotion_code",
  "discount",
] as const;
type Dependent = typeof DEPENDENT[number];

/** The builder of each kind that stands alone. */
const BUILDERS: Record<Exclude<Kind, Dependent>, Builder> = {
  customer: () => buildCustomer(),
  product: () => buildProduct({ name: "Product" }),
  price: (state, { product = "", recurring, unit_amount = 0 }) =>
    buildPrice({
      product: findObject(state, "product", product, "product").id,
      recurring: recurring ? every(recurring.interval, recurring.interval_count) : null,
      unit_amount,
    }),
  subscription: (state, { customer = "", items, trial_end }) =>
    buildSubscription({
      customerId: findObject(state, "customer", customer, "customer").id,
      items: pricedItems(state, items),
      trialEnd: trial_end ?? null,
      fields: { status: trial_end ? "trialing" : "active" },
    }),
  invoice: (state, { customer = "", items, subscription }) => {
    const now = nowInSeconds();
    return buildInvoice({
      customer: findObject(state, "customer", customer, "customer"),
      items: pricedItems(state, items),
      reason: subscription ? "subscription_cycle" : "manual",
      period: { start: now, end: now },
      subscription: subscription
        ? findObject(state, "subscription", subscription, "subscription")
        : undefined,
    });
  },
  invoice_payment: (state, { amount, currency, invoice = "" }) => ({
    id: newId("inpay"),
    object: "invoice_payment",
    amount_paid: null,
    amount_requested: amount,
    created: nowInSeconds(),
    currency,
    invoice: findObject(state, "invoice", invoice, "invoice").id,
    is_default: true,
    livemode: false,
    payment: { type: "payment_intent" },
    status: "open",
    status_transitions: { canceled_at: null, paid_at: null },
  }),
  payment_intent: (_, { amount, currency }) => buildPaymentIntent({ amount, currency }),
  payment_method: () => buildPaymentMethod("pm_card_visa"),
  charge: (_, { amount, currency }) => buildCharge({ amount, currency }),
  "checkout.session": (_, { mode }) => buildCheckoutSession({ mode }),
};

/** Returns a new object of a kind for a command; null if the kind has no builder. */
export function buildForCommand(
  state: EmulatorState,
  kind: Kind,
  fields: object,
): StripeObject | null {
  if (isDependent(kind)) return null;
  return BUILDERS[kind](state, parseInput(fields, BuildFields));
}

function isDependent(kind: Kind): kind is Dependent {
  return DEPENDENT.some((each) => each === kind);
}

function pricedItems(state: EmulatorState, items: BuildFields["items"]) {
  return items.map(({ price, quantity }) => ({
    price: findObject(state, "price", price, "items[0][price]"),
    quantity,
  }));
}
