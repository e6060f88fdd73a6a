import type Stripe from "stripe";
import { invalid } from "../http/api-error.ts";
import { idOf } from "../http/find-objects.ts";
import { newId } from "../new-id.ts";
import { listOf } from "../http/paginate.ts";
import { endOfPeriod, nowInSeconds } from "../periods.ts";
import { NO_CANCELLATION } from "./subscription-status.ts";

/** A price and its quantity. */
export interface PricedItem {
  price: Stripe.Price;
  quantity: number;
  metadata?: Stripe.Metadata;
}

/** The content of a new subscription. */
export interface SubscriptionPlan {
  customerId: string;
  items: readonly PricedItem[];
  /** The end of the trial, in seconds; null for no trial. */
  trialEnd: number | null;
  fields?: Partial<Stripe.Subscription>;
  /** Whether a checkout starts it, which has compared the currencies when it was opened. */
  fromCheckout?: boolean;
}

/** A time span, in seconds. */
export interface Period {
  current_period_start: number;
  current_period_end: number;
}

/** Returns a new subscription: trialing, or incomplete until its first invoice is paid. */
export function buildSubscription(plan: SubscriptionPlan): Stripe.Subscription {
  const { customerId, items, trialEnd } = plan;
  const now = nowInSeconds();
  const id = plan.fields?.id ?? newId("sub");
  const period = {
    current_period_start: now,
    current_period_end: trialEnd ?? endOfPeriod(now, now, recurringOf(items)),
  };
  const data = items.map((item) => buildItem(id, item, period));
  return {
    ...EMPTY_SUBSCRIPTION,
    id,
    billing_cycle_anchor: trialEnd ?? now,
    created: now,
    currency: items[0]?.price.currency ?? "usd",
    customer: customerId,
    items: listOf(data, `/v1/subscription_items?subscription=${id}`),
    start_date: now,
    status: trialEnd === null ? "incomplete" : "trialing",
    trial_end: trialEnd,
    trial_start: trialEnd === null ? null : now,
    ...plan.fields,
  };
}

/** Returns a new item of a subscription. */
export function buildItem(
  subscription: string,
  { price, quantity, metadata = {} }: PricedItem,
  period: Period,
): Stripe.SubscriptionItem {
  return {
    id: newId("si"),
    object: "subscription_item",
    billing_thresholds: null,
    created: nowInSeconds(),
    ...period,
    current_trial: null,
    discounts: [],
    metadata,
    plan: planOf(price),
    price,
    quantity,
    subscription,
    tax_rates: [],
  };
}

/** Returns the interval that all items share. Throws Stripe's 400 for a one-time price or for different intervals. */
export function recurringOf(items: readonly { price: Stripe.Price }[]): Stripe.Price.Recurring {
  const recurring = items.map(({ price }) => {
    if (price.recurring) return price.recurring;
    throw invalid(
      "The price specified is set to `type=one_time` but this field only accepts prices with " +
        "`type=recurring`.",
      "items[0][price]",
    );
  });
  const [first] = recurring;
  if (!first) throw invalid("Missing required param: items.", "items", "parameter_missing");
  const isSame = ({ interval, interval_count }: Stripe.Price.Recurring) =>
    interval === first.interval && interval_count === first.interval_count;
  if (recurring.every(isSame)) return first;
  throw invalid("Currently, all subscription items must have the same billing interval.", "items");
}

/** Returns the legacy plan that Stripe shows beside a price. */
export function planOf(price: Stripe.Price): Stripe.Plan {
  return {
    id: price.id,
    object: "plan",
    active: price.active,
    amount: price.unit_amount,
    amount_decimal: price.unit_amount_decimal,
    billing_scheme: price.billing_scheme,
    created: price.created,
    currency: price.currency,
    interval: price.recurring?.interval ?? "month",
    interval_count: price.recurring?.interval_count ?? 1,
    livemode: false,
    metadata: price.metadata,
    meter: null,
    nickname: price.nickname,
    product: idOf(price.product),
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: null,
    usage_type: "licensed",
  };
}

const EMPTY_SUBSCRIPTION: Omit<Stripe.Subscription, "id"> = {
  object: "subscription",
  application: null,
  application_fee_percent: null,
  automatic_tax: { disabled_reason: null, enabled: false, liability: null },
  billing_cycle_anchor: 0,
  billing_cycle_anchor_config: null,
  billing_mode: { flexible: { proration_discounts: "included" }, type: "flexible" },
  billing_schedules: [],
  billing_thresholds: null,
  cancel_at: null,
  cancel_at_period_end: false,
  canceled_at: null,
  cancellation_details: NO_CANCELLATION,
  collection_method: "charge_automatically",
  created: 0,
  currency: "usd",
  customer: "",
  customer_account: null,
  days_until_due: null,
  default_payment_method: null,
  default_source: null,
  default_tax_rates: [],
  description: null,
  discounts: [],
  ended_at: null,
  invoice_settings: {
    account_tax_ids: null,
    custom_fields: null,
    description: null,
    footer: null,
    issuer: { type: "self" },
  },
  items: listOf([], "/v1/subscription_items"),
  latest_invoice: null,
  livemode: false,
  managed_payments: null,
  metadata: {},
  next_pending_invoice_item_invoice: null,
  on_behalf_of: null,
  pause_collection: null,
  payment_settings: {
    payment_method_options: null,
    payment_method_types: null,
    save_default_payment_method: "off",
  },
  pending_invoice_item_interval: null,
  pending_setup_intent: null,
  pending_update: null,
  schedule: null,
  start_date: 0,
  status: "incomplete",
  test_clock: null,
  transfer_data: null,
  trial_end: null,
  trial_settings: {
    end_behavior: { billing_cycle_anchor: null, missing_payment_method: "create_invoice" },
  },
  trial_start: null,
};
