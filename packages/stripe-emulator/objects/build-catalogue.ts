import Stripe from "stripe";
import { newId } from "../new-id.ts";
import { nowInSeconds } from "../periods.ts";

/** Returns a new product with the given properties. */
export function buildProduct(
  fields: Partial<Stripe.Product> & { name: string },
): Stripe.Product {
  const created = nowInSeconds();
  return {
    id: newId("prod"),
    object: "product",
    active: true,
    created,
    default_price: null,
    description: null,
    images: [],
    livemode: false,
    marketing_features: [],
    metadata: {},
    package_dimensions: null,
    shippable: null,
    statement_descriptor: null,
    tax_code: null,
    tax_details: null,
    type: "service",
    unit_label: null,
    updated: created,
    url: null,
    ...fields,
  };
}

/** Returns a new price with the given properties; without `recurring`, it is for one-time purchases. */
export function buildPrice(
  fields: Partial<Stripe.Price> & { product: string },
): Stripe.Price {
  const { recurring = null, unit_amount = 0 } = fields;
  return {
    id: newId("price"),
    object: "price",
    active: true,
    billing_scheme: "per_unit",
    created: nowInSeconds(),
    currency: "usd",
    custom_unit_amount: null,
    livemode: false,
    lookup_key: null,
    metadata: {},
    nickname: null,
    recurring,
    tax_behavior: "unspecified",
    tiers_mode: null,
    transform_quantity: null,
    type: recurring ? "recurring" : "one_time",
    unit_amount,
    unit_amount_decimal: unit_amount === null ? null : Stripe.Decimal.from(unit_amount),
    ...fields,
  };
}

/** Returns the recurrence of a price: every `intervalCount` intervals. */
export function every(
  interval: Stripe.Price.Recurring["interval"],
  intervalCount = 1,
): Stripe.Price.Recurring {
  return {
    interval,
    interval_count: intervalCount,
    meter: null,
    trial_period_days: null,
    usage_type: "licensed",
  };
}
