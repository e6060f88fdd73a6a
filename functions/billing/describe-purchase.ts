import type Stripe from "stripe";
import type { BillingAccount, BillingPolicy } from "../_shared/stripe/billing-database.ts";
import type { SalePrice } from "./find-price.ts";

type Params = Stripe.Checkout.SessionCreateParams;

/** Returns the fields of a checkout that the price and the operator decide. */
export function describePurchase(price: SalePrice, account: BillingAccount): Params {
  const { id, plan, isRecurring } = price;
  const { policy, profile_id } = account;
  // Only our own server writes the metadata of a session. A buyer can set the reference of a payment link.
  const metadata = { profile_id, ...(plan && { plan }) };
  return {
    line_items: [{
      price: id,
      quantity: 1,
      ...(!plan && policy.max_quantity > 1 && {
        adjustable_quantity: { enabled: true, minimum: 1, maximum: policy.max_quantity },
      }),
    }],
    metadata,
    ...(isRecurring ? describeSubscription(price, account) : {
      mode: "payment",
      // Credits are granted for the lines of an invoice, so a single payment gets one, too.
      invoice_creation: { enabled: true, invoice_data: { metadata } },
      payment_intent_data: { metadata },
    }),
    ...describeOptions(policy),
  };
}

function describeSubscription(
  { plan, trialDays }: SalePrice,
  { profile_id, may_have_trial, policy }: BillingAccount,
): Params {
  const metadata = { profile_id, ...(plan && { plan }) };
  if (!trialDays || !may_have_trial) {
    return { mode: "subscription", subscription_data: { metadata } };
  }
  const trial = { metadata, trial_period_days: trialDays };
  if (!policy.trial_without_card) return { mode: "subscription", subscription_data: trial };
  return {
    mode: "subscription",
    payment_method_collection: "if_required",
    subscription_data: {
      ...trial,
      trial_settings: { end_behavior: { missing_payment_method: "cancel" } },
    },
  };
}

/** Returns the fields of a checkout that the operator decides, whoever pays. */
export function describeOptions(
  { promotion_codes, automatic_tax, billing_address, custom_fields }: BillingPolicy,
): Params {
  return {
    ...(promotion_codes && { allow_promotion_codes: true }),
    ...(automatic_tax && { automatic_tax: { enabled: true } }),
    ...(billing_address && { billing_address_collection: "required" }),
    // Without this, Stripe neither stores the address of the checkout nor computes the tax of a customer without one.
    ...((automatic_tax || billing_address) &&
      { customer_update: { address: "auto", name: "auto" } }),
    ...(custom_fields.length > 0 && { custom_fields }),
  };
}
