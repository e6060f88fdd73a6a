import type Stripe from "stripe";

/** What a checkout session will make when it is completed. */
export interface CheckoutPlan {
  lineItems: Stripe.LineItem[];
  /** Days of trial; 0 without one. */
  trialDays: number;
  /** What the subscription starts with. */
  subscription: Partial<Pick<Stripe.Subscription, "metadata" | "description" | "trial_settings">>;
  paymentIntentMetadata: Stripe.Metadata;
  /** The metadata of the invoice that a payment gets; null for no invoice. */
  invoiceMetadata: Stripe.Metadata | null;
}
