import type Stripe from "stripe";
import * as z from "zod";
import { Count, Expand, Text } from "../http/param-schemas.ts";

const OfSubscription = z.strictObject({ subscription: Text });

const AfterCompletion = z.strictObject({
  type: z.enum(["hosted_confirmation", "portal_homepage", "redirect"]),
  redirect: z.strictObject({ return_url: Text }).optional(),
});

const FlowData = z.strictObject({
  type: z.enum([
    "payment_method_update",
    "subscription_cancel",
    "subscription_update",
    "subscription_update_confirm",
  ]),
  after_completion: AfterCompletion.optional(),
  subscription_cancel: OfSubscription.optional(),
  subscription_update: OfSubscription.optional(),
  subscription_update_confirm: OfSubscription.extend({
    items: z.array(z.strictObject({
      id: Text,
      price: Text.optional(),
      quantity: Count.optional(),
    })).length(1),
  }).optional(),
});
type FlowData = z.infer<typeof FlowData>;

/** The parameters of a new portal session (https://docs.stripe.com/api/customer_portal/sessions/create). */
export const PortalParams = z.strictObject({
  configuration: Text.optional(),
  customer: Text,
  flow_data: FlowData.optional(),
  locale: Text.optional(),
  return_url: Text.optional(),
  expand: Expand,
});
export type PortalParams = z.infer<typeof PortalParams>;

/** Returns the id of the subscription that a flow is about. */
export function subscriptionOfFlow(flow: FlowData): string | undefined {
  const { subscription_cancel, subscription_update, subscription_update_confirm } = flow;
  return (subscription_cancel ?? subscription_update ?? subscription_update_confirm)?.subscription;
}

/** Returns the flow as a session shows it. */
export function showFlow(flow: FlowData): Stripe.BillingPortal.Session.Flow {
  const { type, after_completion, subscription_update_confirm: confirm } = flow;
  return {
    after_completion: {
      hosted_confirmation: null,
      redirect: after_completion?.redirect ?? null,
      type: after_completion?.type ?? "portal_homepage",
    },
    customer_update: null,
    subscription_cancel: flow.subscription_cancel
      ? { ...flow.subscription_cancel, retention: null }
      : null,
    subscription_pause: null,
    subscription_update: flow.subscription_update ?? null,
    subscription_update_confirm: confirm
      ? {
        discounts: null,
        subscription: confirm.subscription,
        items: confirm.items.map(({ id, price = null, quantity }) => ({ id, price, quantity })),
      }
      : null,
    type,
  };
}
