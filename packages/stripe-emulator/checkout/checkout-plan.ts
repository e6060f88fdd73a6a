import type Stripe from "stripe";

/** The objects that a checkout session creates when it is completed. */
export interface CheckoutPlan {
  lineItems: Stripe.LineItem[];
  /** Whether Stripe Tax adds tax. */
  taxed?: boolean;
  /** The most that the customer may choose of each line; absent if the quantity is fixed. */
  maxQuantity?: number;
  /** Days of trial; 0 for no trial. */
  trialDays: number;
  /** Properties of the new subscription. */
  subscription: Partial<Pick<Stripe.Subscription, "metadata" | "description" | "trial_settings">>;
  paymentIntentMetadata: Stripe.Metadata;
  /** The metadata of the invoice for a payment; null for no invoice. */
  invoiceMetadata: Stripe.Metadata | null;
}
