import * as z from "zod";
import { Constants } from "../database.ts";

const PriceId = z.string().regex(/^\w{1,255}$/, {
  error: "The price is not an id of Stripe. Send the id of a price that is for sale.",
});

/** Who pays: the user, or the organization that the user owns or administrates. */
const Payer = z.enum(["user", "organization"]).default("user");

/** The body of `POST /functions/v1/billing/checkout`. Other fields have no effect: the price decides about trials. */
export const CheckoutRequest = z.object({
  price_id: PriceId,
  success_url: z.url().max(2048).describe(
    "Where the user returns to. Both URLs must have an allowed origin.",
  ),
  cancel_url: z.url().max(2048),
  for: Payer,
  quantity: z.int().min(1).max(100_000).optional().describe(
    "Seats of an organization, at least one for each member; as many as members by default.",
  ),
});
export type CheckoutRequest = z.infer<typeof CheckoutRequest>;

/** The body of `POST /functions/v1/billing/portal`. */
export const PortalRequest = z.object({
  return_url: z.url().max(2048),
  for: Payer,
  flow: z.enum(["change", "cancel", "payment_method"]).optional().describe(
    "The page that the portal opens; the overview by default.",
  ),
  price_id: PriceId.optional().describe(
    "The price to change to. Without it, the user chooses in the portal.",
  ),
}).refine(({ flow, price_id }) => price_id === undefined || flow === "change", {
  path: ["price_id"],
  error: "A price needs the flow change. Send flow: change, or leave the price out.",
});
export type PortalRequest = z.infer<typeof PortalRequest>;

/** The reply of checkout and portal: the URL to send the user to. */
export const RedirectReply = z.object({ url: z.url() });
export type RedirectReply = z.infer<typeof RedirectReply>;

const { membership_status, subscription_status } = Constants.public.Enums;

/** The reply of `GET /functions/v1/billing/subscription`. */
export const SubscriptionReply = z.object({
  plan: z.string(),
  membership_status: z.enum(membership_status),
  subscription: z.object({
    stripe_subscription_id: z.string(),
    status: z.enum(subscription_status),
    stripe_price_id: z.string().nullable(),
    stripe_product_id: z.string().nullable(),
    amount: z.number().int().nullable().describe(
      "In the smallest unit of the currency, for one period.",
    ),
    currency: z.string(),
    recurring_interval: z.string().nullable(),
    current_period_start: z.string().nullable(),
    current_period_end: z.string().nullable(),
    auto_renew: z.boolean(),
    trial_end: z.string().nullable(),
    ends_at: z.string().nullable(),
  }).nullable().describe(
    "The subscription that gives the plan, or else the latest one; null for users who never had one.",
  ),
  synced_at: z.string().nullable().describe(
    "When this data was last fetched from Stripe; null for users who are not customers.",
  ),
});
export type SubscriptionReply = z.infer<typeof SubscriptionReply>;

/** The reply of `GET /functions/v1/billing/products`: the products for sale. */
export const ProductsReply = z.object({
  products: z.array(z.object({
    id: z.string(),
    name: z.string(),
    description: z.string().nullable(),
    images: z.array(z.string()),
    plan: z.string().nullable().describe("The plan that a subscription gives; null for credits."),
    tokens: z.number().int().nullable().describe("Credits that each purchase grants."),
    prices: z.array(z.object({
      id: z.string(),
      currency: z.string(),
      unit_amount: z.number().int().nullable().describe("In the smallest unit of the currency."),
      type: z.enum(["one_time", "recurring"]),
      recurring_interval: z.string().nullable(),
      recurring_interval_count: z.number().int().nullable(),
      trial_days: z.number().int().nullable().describe(
        "Days of trial for users who have never subscribed.",
      ),
    })),
  })),
});
export type ProductsReply = z.infer<typeof ProductsReply>;

/**
 * The reply of `POST /functions/v1/stripe-webhook` and `…/openai-webhook`. Events that need no work are ignored. An
 * accepted event is stored, and a worker processes it. An event about an object that Stripe no longer has is dropped.
 */
export const WebhookReply = z.object({
  status: z.enum(["processed", "ignored", "dropped", "accepted"]),
});
export type WebhookReply = z.infer<typeof WebhookReply>;

/** The reply of `POST /functions/v1/stripe-webhook/events`: the number of events that were applied or have failed. */
export const EventsReply = z.object({ applied: z.number(), failed: z.number() });
export type EventsReply = z.infer<typeof EventsReply>;
