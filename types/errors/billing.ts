import type { ErrorEntry } from "./entry.ts";

/** Errors of billing: Stripe, prices and customers. */
export const billingErrors = {
  price_not_found: {
    status: 404,
    meaning: "This price is not for sale.",
    action: "Reload the list of products and choose another price.",
  },
  already_subscribed: {
    status: 409,
    meaning: "This account already has a subscription to a plan.",
    action: "Change the subscription in the billing portal.",
  },
  no_subscription: {
    status: 404,
    meaning: "This account has no subscription to a plan.",
    action: "Buy a plan first.",
  },
  price_without_seats: {
    status: 400,
    meaning: "This price cannot be bought for an organization.",
    action: "Choose the price of a subscription that gives a plan.",
  },
  organization_subscribed: {
    status: 409,
    meaning: "The organization already has a subscription.",
    action: "Open the portal for the organization to change the plan or the number of seats.",
  },
  too_few_seats: {
    status: 409,
    meaning: "The organization has more members than these seats.",
    action: "Buy a seat for each member, or remove members first.",
  },
  no_customer: {
    status: 404,
    meaning: "This account has no billing account yet.",
    action: "Buy a plan or credits first.",
  },
  url_not_allowed: {
    status: 400,
    meaning: "Users cannot be sent to this address.",
    action: "Use an address of an origin in PARLEY_ALLOWED_ORIGINS.",
  },
  stripe_unavailable: {
    status: 503,
    meaning: "Billing is not available at the moment.",
    action: "Try again later.",
  },
  billing_misconfigured: {
    status: 503,
    meaning: "Stripe rejected the settings of this service.",
    action: "Ask the operator to run npm run db:health, which says what to change.",
  },
  payment_refused: {
    status: 402,
    meaning: "Stripe refused the payment.",
    action: "Check the address and the coupon, or use another card.",
  },
  currency_conflict: {
    status: 409,
    meaning: "This billing account pays in another currency.",
    action:
      "Choose a price in that currency, or end the current subscription in the billing portal first.",
  },
  customer_taken: {
    status: 409,
    meaning: "This Stripe customer already belongs to another account.",
    action: "Try again.",
  },
  invalid_signature: {
    status: 400,
    meaning: "The signature of the event is missing, wrong or too old.",
    action: "Check STRIPE_WEBHOOK_SECRET or OPENAI_WEBHOOK_SECRET, and the clock of the server.",
  },
  wrong_mode: {
    status: 400,
    meaning: "The event and the Stripe key are of different modes, live and test.",
    action: "Send events of the mode that the key has.",
  },
  stripe_object_missing: {
    status: 409,
    meaning: "Stripe does not know this object, and it was not deleted.",
    action: "Check STRIPE_SECRET_KEY.",
  },
  unknown_stripe_object: {
    status: 400,
    meaning: "Parley does not store Stripe objects of this kind.",
    action: "Send a kind that private.apply_stripe_object names.",
  },
} as const satisfies Record<string, ErrorEntry>;
