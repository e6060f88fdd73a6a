import type Stripe from "stripe";
import * as z from "zod";
import { idOf } from "../http/find-objects.ts";
import {
  Count,
  Expand,
  Flag,
  isWithin,
  LIST_PARAMS,
  MetadataParam,
  Text,
  TimeFilter,
  Unsettable,
} from "../http/param-schemas.ts";

const ProrationBehavior = z.enum(["always_invoice", "create_prorations", "none"]);

const TrialSettings = z.strictObject({
  end_behavior: z.strictObject({
    missing_payment_method: z.enum(["cancel", "create_invoice", "pause"]),
  }),
});

const COMMON = {
  collection_method: z.literal("charge_automatically").optional(),
  default_payment_method: Text.optional(),
  description: Unsettable.optional(),
  metadata: MetadataParam.optional(),
  off_session: Flag.optional(),
  payment_behavior: z.enum(["allow_incomplete", "default_incomplete", "error_if_incomplete"])
    .default("allow_incomplete"),
  payment_settings: z.strictObject({
    save_default_payment_method: z.enum(["off", "on_subscription"]),
  }).optional(),
  proration_behavior: ProrationBehavior.optional(),
  trial_end: z.union([z.literal("now"), Count]).optional(),
  trial_settings: TrialSettings.optional(),
  expand: Expand,
};

/** The parameters of a new subscription (https://docs.stripe.com/api/subscriptions/create). */
export const NewSubscriptionParams = z.strictObject({
  ...COMMON,
  customer: Text,
  items: z.array(z.strictObject({
    price: Text,
    quantity: Count.default(1),
    metadata: MetadataParam.optional(),
  })).min(1).max(20),
  trial_period_days: Count.pipe(z.number().max(730)).optional(),
});
export type NewSubscriptionParams = z.infer<typeof NewSubscriptionParams>;

/** The cancellation details that a customer may give. */
export const CancellationDetails = z.strictObject({
  comment: Unsettable.optional(),
  feedback: Unsettable.optional(),
});

/** A change to a subscription (https://docs.stripe.com/api/subscriptions/update). */
export const SubscriptionParams = z.strictObject({
  ...COMMON,
  billing_cycle_anchor: z.enum(["now", "unchanged"]).optional(),
  cancel_at: z.union([z.literal("").transform(() => null), Count]).optional(),
  cancel_at_period_end: Flag.optional(),
  cancellation_details: CancellationDetails.optional(),
  items: z.array(z.strictObject({
    id: Text.optional(),
    price: Text.optional(),
    quantity: Count.optional(),
    deleted: Flag.optional(),
    metadata: MetadataParam.optional(),
  })).optional(),
  pause_collection: z.union([
    z.literal("").transform(() => null),
    z.strictObject({
      behavior: z.enum(["keep_as_draft", "mark_uncollectible", "void"]),
      resumes_at: Count.nullable().default(null),
    }),
  ]).optional(),
  proration_date: Count.optional(),
});
export type SubscriptionParams = z.infer<typeof SubscriptionParams>;

/** The filters of a list of subscriptions (https://docs.stripe.com/api/subscriptions/list). */
export const SubscriptionListParams = z.strictObject({
  ...LIST_PARAMS,
  created: TimeFilter.optional(),
  customer: Text.optional(),
  price: Text.optional(),
  status: Text.optional(),
});

/** Returns whether a list includes `subscription`; without a status, it excludes canceled ones. */
export function isListed(
  subscription: Stripe.Subscription,
  { created, customer, price, status }: z.infer<typeof SubscriptionListParams>,
): boolean {
  return isWithin(subscription.created, created) &&
    (customer === undefined || idOf(subscription.customer) === customer) &&
    (price === undefined || subscription.items.data.some((item) => item.price.id === price)) &&
    hasStatus(subscription.status, status);
}

/** Returns the properties of the subscription that the parameters set. */
export function subscriptionFields(
  { default_payment_method, description, trial_settings }:
    | NewSubscriptionParams
    | SubscriptionParams,
): Partial<Stripe.Subscription> {
  return {
    ...default_payment_method !== undefined && { default_payment_method },
    ...description !== undefined && { description },
    ...trial_settings && {
      trial_settings: {
        end_behavior: { billing_cycle_anchor: null, ...trial_settings.end_behavior },
      },
    },
  };
}

function hasStatus(status: Stripe.Subscription.Status, wanted: string | undefined): boolean {
  if (wanted === "all") return true;
  if (wanted === "ended") return status === "canceled" || status === "incomplete_expired";
  return wanted === undefined ? status !== "canceled" : status === wanted;
}
