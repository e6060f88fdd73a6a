// What the functions billing and stripe-webhook take and answer.
import { z } from "zod";
import { Constants } from "./database.ts";

/** The body of `POST /functions/v1/billing/checkout`. Anything else in it has no effect: trials are the price's. */
export const CheckoutRequest = z.object({
  price_id: z.string().regex(/^\w{1,255}$/, { error: "Not an id of Stripe." }),
  /** Where the user comes back to; both must be of an allowed origin. */
  success_url: z.url().max(2048),
  cancel_url: z.url().max(2048),
});
export type CheckoutRequest = z.infer<typeof CheckoutRequest>;

/** The body of `POST /functions/v1/billing/portal`. */
export const PortalRequest = z.object({ return_url: z.url().max(2048) });
export type PortalRequest = z.infer<typeof PortalRequest>;

/** The answer of checkout and portal: where to send the user. */
export const RedirectReply = z.object({ url: z.url() });
export type RedirectReply = z.infer<typeof RedirectReply>;

const { membership_status, subscription_status } = Constants.public.Enums;

/** The answer of `GET /functions/v1/billing/subscription`. */
export const SubscriptionReply = z.object({
  plan: z.string(),
  membership_status: z.enum(membership_status),
  /** The one that gives the plan, or else the latest; null for those who never had one. */
  subscription: z.object({
    stripe_subscription_id: z.string(),
    status: z.enum(subscription_status),
    stripe_price_id: z.string().nullable(),
    stripe_product_id: z.string().nullable(),
    /** In the smallest unit of the currency, for one period. */
    amount: z.number().int().nullable(),
    currency: z.string(),
    recurring_interval: z.string().nullable(),
    current_period_start: z.string().nullable(),
    current_period_end: z.string().nullable(),
    auto_renew: z.boolean(),
    trial_end: z.string().nullable(),
    ends_at: z.string().nullable(),
  }).nullable(),
  /** When Stripe was last asked; null for those who are no customers. */
  synced_at: z.string().nullable(),
});
export type SubscriptionReply = z.infer<typeof SubscriptionReply>;

/** The answer of `GET /functions/v1/billing/products`: what can be bought. */
export const ProductsReply = z.object({
  products: z.array(z.object({
    id: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    images: z.array(z.string()),
    /** The plan that a subscription gives; null for credits. */
    plan: z.string().nullable(),
    /** Credits that each purchase grants. */
    tokens: z.number().int().nullable(),
    prices: z.array(z.object({
      id: z.string(),
      currency: z.string(),
      /** In the smallest unit of the currency. */
      unit_amount: z.number().int().nullable(),
      type: z.enum(["one_time", "recurring"]),
      recurring_interval: z.string().nullable(),
      recurring_interval_count: z.number().int().nullable(),
      nickname: z.string().nullable(),
      /** Days of trial for who has never subscribed. */
      trial_days: z.number().int().nullable(),
    })),
  })),
});
export type ProductsReply = z.infer<typeof ProductsReply>;

/** The answer of `POST /functions/v1/stripe-webhook`. */
export const WebhookReply = z.object({ status: z.enum(["processed", "ignored"]) });
export type WebhookReply = z.infer<typeof WebhookReply>;
