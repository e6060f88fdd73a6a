import type Stripe from "stripe";
import { type CardName, cardOf } from "./cards.ts";
import { newId, randomText } from "../new-id.ts";
import { nowInSeconds } from "../periods.ts";

const NO_BILLING_DETAILS = { address: null, email: null, name: null, phone: null, tax_id: null };

/** Returns a new payment method for one of Stripe's test cards. */
export function buildPaymentMethod(
  card: CardName,
  fields: Partial<Stripe.PaymentMethod> = {},
): Stripe.PaymentMethod {
  return {
    id: newId("pm"),
    object: "payment_method",
    allow_redisplay: "unspecified",
    billing_details: NO_BILLING_DETAILS,
    card: cardOf(card),
    created: nowInSeconds(),
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: {},
    type: "card",
    ...fields,
  };
}

/** Returns a new PaymentIntent without a payment method. */
export function buildPaymentIntent(
  fields: Partial<Stripe.PaymentIntent> & { amount: number; currency: string },
): Stripe.PaymentIntent {
  const id = newId("pi");
  return {
    ...EMPTY_INTENT,
    id,
    client_secret: `${id}_secret_${randomText(25)}`,
    created: nowInSeconds(),
    ...fields,
  };
}

/** Returns a new charge, paid unless the given properties say otherwise. */
export function buildCharge(
  fields: Partial<Stripe.Charge> & { amount: number; currency: string },
): Stripe.Charge {
  return {
    ...EMPTY_CHARGE,
    id: newId("ch"),
    amount_captured: fields.amount,
    created: nowInSeconds(),
    receipt_url: `https://pay.stripe.com/receipts/${randomText(24)}`,
    ...fields,
  };
}

const EMPTY_INTENT: Omit<
  Stripe.PaymentIntent,
  "id" | "amount" | "client_secret" | "created" | "currency"
> = {
  object: "payment_intent",
  allowed_payment_method_types: null,
  amount_capturable: 0,
  amount_received: 0,
  application: null,
  application_fee_amount: null,
  automatic_payment_methods: null,
  canceled_at: null,
  cancellation_reason: null,
  capture_method: "automatic",
  confirmation_method: "automatic",
  customer: null,
  customer_account: null,
  description: null,
  excluded_payment_method_types: null,
  last_payment_error: null,
  latest_charge: null,
  livemode: false,
  managed_payments: null,
  metadata: {},
  next_action: null,
  on_behalf_of: null,
  payment_method: null,
  payment_method_configuration_details: null,
  payment_method_options: null,
  payment_method_types: ["card"],
  payment_record: null,
  processing: null,
  receipt_email: null,
  review: null,
  setup_future_usage: null,
  shipping: null,
  source: null,
  statement_descriptor: null,
  statement_descriptor_suffix: null,
  status: "requires_payment_method",
  transfer_data: null,
  transfer_group: null,
};

const EMPTY_CHARGE: Omit<
  Stripe.Charge,
  "id" | "amount" | "amount_captured" | "created" | "currency" | "receipt_url"
> = {
  object: "charge",
  amount_refunded: 0,
  application: null,
  application_fee: null,
  application_fee_amount: null,
  balance_transaction: null,
  billing_details: NO_BILLING_DETAILS,
  calculated_statement_descriptor: "PARLEY",
  captured: true,
  customer: null,
  description: null,
  disputed: false,
  failure_balance_transaction: null,
  failure_code: null,
  failure_message: null,
  fraud_details: {},
  livemode: false,
  metadata: {},
  on_behalf_of: null,
  outcome: null,
  paid: true,
  payment_intent: null,
  payment_method: null,
  payment_method_details: null,
  receipt_email: null,
  receipt_number: null,
  refunded: false,
  review: null,
  shipping: null,
  source: null,
  source_transfer: null,
  statement_descriptor: null,
  statement_descriptor_suffix: null,
  status: "succeeded",
  transfer_data: null,
  transfer_group: null,
};
