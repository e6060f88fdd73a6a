import type Stripe from "stripe";
import type { PricedItem } from "../subscriptions/build-subscription.ts";
import { newId, randomText } from "../new-id.ts";
import { addDays, nowInSeconds } from "../periods.ts";

/** Returns a new, open checkout session. */
export function buildCheckoutSession(
  fields: Partial<Stripe.Checkout.Session> & { mode: Stripe.Checkout.Session.Mode },
): Stripe.Checkout.Session {
  const created = nowInSeconds();
  return {
    ...EMPTY_SESSION,
    id: `cs_test_a1${randomText(56)}`,
    created,
    expires_at: addDays(created, 1),
    payment_method_collection: fields.mode === "subscription" ? "always" : "if_required",
    ...fields,
  };
}

/** Returns a line of a checkout session. */
export function buildLineItem(
  { price, quantity }: PricedItem,
  description: string,
): Stripe.LineItem {
  const amount = (price.unit_amount ?? 0) * quantity;
  return {
    id: newId("li"),
    object: "item",
    adjustable_quantity: null,
    amount_discount: 0,
    amount_subtotal: amount,
    amount_tax: 0,
    amount_total: amount,
    currency: price.currency,
    description,
    metadata: {},
    price,
    quantity,
  };
}

const EMPTY_SESSION: Omit<
  Stripe.Checkout.Session,
  "id" | "created" | "expires_at" | "mode" | "payment_method_collection"
> = {
  object: "checkout.session",
  adaptive_pricing: null,
  after_expiration: null,
  allow_promotion_codes: null,
  allowed_payment_method_types: null,
  amount_subtotal: 0,
  amount_total: 0,
  automatic_tax: { enabled: false, liability: null, provider: null, status: null },
  billing_address_collection: null,
  cancel_url: null,
  client_reference_id: null,
  client_secret: null,
  collected_information: null,
  consent: null,
  consent_collection: null,
  currency: "usd",
  currency_conversion: null,
  custom_fields: [],
  custom_text: {
    after_submit: null,
    shipping_address: null,
    submit: null,
    terms_of_service_acceptance: null,
  },
  customer: null,
  customer_account: null,
  customer_creation: null,
  customer_details: null,
  customer_email: null,
  discounts: [],
  integration_identifier: null,
  invoice: null,
  invoice_creation: null,
  livemode: false,
  locale: null,
  managed_payments: null,
  metadata: {},
  origin_context: null,
  payment_intent: null,
  payment_link: null,
  payment_method_configuration_details: null,
  payment_method_options: {},
  payment_method_types: ["card"],
  payment_status: "unpaid",
  permissions: null,
  recovered_from: null,
  saved_payment_method_options: null,
  setup_intent: null,
  shipping_address_collection: null,
  shipping_cost: null,
  shipping_options: [],
  status: "open",
  submit_type: null,
  subscription: null,
  success_url: null,
  total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
  ui_mode: "hosted_page",
  url: null,
  wallet_options: null,
};
