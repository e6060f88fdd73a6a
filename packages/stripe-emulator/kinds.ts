import type Stripe from "stripe";

/** The object types of Stripe that the emulator stores, by the name in their `object` field. */
export interface ObjectKinds {
  customer: Stripe.Customer;
  product: Stripe.Product;
  price: Stripe.Price;
  subscription: Stripe.Subscription;
  invoice: Stripe.Invoice;
  invoice_payment: Stripe.InvoicePayment;
  payment_intent: Stripe.PaymentIntent;
  payment_method: Stripe.PaymentMethod;
  charge: Stripe.Charge;
  balance_transaction: Stripe.BalanceTransaction;
  refund: Stripe.Refund;
  dispute: Stripe.Dispute;
  "checkout.session": Stripe.Checkout.Session;
  coupon: Stripe.Coupon;
  promotion_code: Stripe.PromotionCode;
  discount: Stripe.Discount;
}
export type Kind = keyof ObjectKinds;
export type StripeObject = ObjectKinds[Kind];

/** The webhook event types for an object of kind `K`. */
export type EventTypeOf<K extends Kind> = Extract<
  Stripe.Event,
  { data: { object: { object: K } } }
>["type"];

/** The stub that remains of a deleted object. */
export type DeletedObject = Stripe.DeletedCustomer | Stripe.DeletedProduct | Stripe.DeletedPrice;

interface KindNames {
  /** The property of `GET /_emulator/objects` that lists them. */
  collection: string;
  /** Stripe's word for such an object in "No such …". */
  noun: string;
}

/** The names of each kind of object. */
export const KINDS = {
  customer: { collection: "customers", noun: "customer" },
  product: { collection: "products", noun: "product" },
  price: { collection: "prices", noun: "price" },
  subscription: { collection: "subscriptions", noun: "subscription" },
  invoice: { collection: "invoices", noun: "invoice" },
  invoice_payment: {
    collection: "invoice_payments",

    noun: "invoice_payment",
  },
  payment_intent: { collection: "payment_intents", noun: "payment_intent" },
  payment_method: { collection: "payment_methods", noun: "PaymentMethod" },
  charge: { collection: "charges", noun: "charge" },
  balance_transaction: {
    collection: "balance_transactions",

    noun: "balance transaction",
  },
  refund: { collection: "refunds", noun: "refund" },
  dispute: { collection: "disputes", noun: "dispute" },
  "checkout.session": {
    collection: "checkout_sessions",

    noun: "checkout.session",
  },
  coupon: { collection: "coupons", noun: "coupon" },
  promotion_code: { collection: "promotion_codes", noun: "promotion code" },
  discount: { collection: "discounts", noun: "discount" },
} as const satisfies Record<Kind, KindNames>;

/** Returns whether the emulator stores objects of the kind `name`. */
export function isKind(name: string): name is Kind {
  return Object.hasOwn(KINDS, name);
}
