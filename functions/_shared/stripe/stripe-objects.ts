import type { Database, Json } from "../../../types/database.ts";

type Tables = Database["public"]["Tables"];
type Columns<Table extends keyof Tables, Without extends string> = Required<
  Omit<Tables[Table]["Insert"], Without | "ticket">
>;

/** Columns of `stripe_products` that Stripe fills. */
export type ProductFields = Columns<"stripe_products", "plan" | "tokens">;
/** Columns of `stripe_prices` that Stripe fills. */
export type PriceFields = Columns<"stripe_prices", "trial_days">;
/** Columns of `stripe_customers` that Stripe fills. The owner of a customer is Parley's own data. */
export type CustomerFields = Columns<
  "stripe_customers",
  "user_id" | "organization_id" | "synced_at"
>;
/** Columns of `subscription_items` that Stripe fills. */
export type ItemFields = Required<
  Omit<Tables["subscription_items"]["Insert"], "subscription_id">
>;
/** Columns of `subscriptions` that a subscription fills, and its items in the order of their ids. */
export type SubscriptionFields =
  & Columns<
    "subscriptions",
    "id" | "user_id" | "auto_renew" | "updated_at" | "checkout_id" | "custom_field_data"
  >
  & { items: ItemFields[] };
/** Columns of `payments` that Stripe fills, and Stripe's id of the subscription. */
export type PaymentFields =
  & Columns<
    "payments",
    | "id"
    | "user_id"
    | "subscription_id"
    | "checkout_id"
    | "digital_products_delivered"
    | "updated_at"
  >
  & { stripe_subscription_id: string | null };
/** The results of a completed checkout. */
export interface CheckoutFields {
  id: string;
  stripe_customer_id: string | null;
  stripe_subscription_id: string | null;
  stripe_payment_intent_id: string | null;
  stripe_invoice_id: string | null;
  custom_field_data: Json;
  /** The profile for which our own server opened the checkout. */
  profile_id: string | null;
}

/** The fields that Parley stores of an object that was deleted in Stripe. */
export interface Tombstone {
  id: string;
  is_deleted: true;
  is_active?: false;
  product_id?: string;
}

interface Context {
  /** Set if Stripe sent the object as a part of another one. Parley then stores it only if it has no row yet. */
  is_context?: true;
}

/** An object for `apply_stripe_objects`. */
export type StripeObject =
  | { kind: "product"; fields: ProductFields | Tombstone } & Context
  | { kind: "price"; fields: PriceFields | Tombstone } & Context
  | { kind: "customer"; fields: CustomerFields & { synced_at?: string } | Tombstone }
  | { kind: "subscription"; fields: SubscriptionFields }
  | { kind: "payment"; fields: PaymentFields }
  | { kind: "checkout"; fields: CheckoutFields }
  // Stripe's own event says that the subscription was deleted, and Stripe no longer knows it.
  | {
    kind: "subscription";
    is_deleted: true;
    fields: { stripe_subscription_id: string; stripe_customer_id: string };
  }
  // Stripe does not know the object. This is an error unless its deletion is stored already.
  | { kind: "product" | "price" | "customer"; is_missing: true; fields: { id: string } };
