// What Parley does about an error of Stripe: whose problem it is, and whether a retry helps.

/** An error that the user or Stripe can end. */
interface PlainRule {
  owner:
    /** The payer: another card, address or coupon helps. */
    | "payer"
    /** The payer has paid in another currency. */
    | "currency"
    /** Stripe no longer has the customer. The payer gets a new one. */
    | "customer"
    /** Stripe no longer has the object. This is final. */
    | "gone"
    /** The price or its product is no longer sold. */
    | "unsold"
    /** Stripe is busy or failed. The same request can succeed later. */
    | "stripe"
    /** Parley sent a request that Stripe does not accept. */
    | "parley";
  retry: boolean;
}

/** An error that only the operator can end. */
export interface OperatorRule {
  owner: "operator";
  retry: false;
  /** The stable name of the cause. */
  cause: string;
  /** One sentence that says what to change. It contains nothing of Stripe's text. */
  fix: string;
}

/** A row of the table. */
export type ErrorRule = PlainRule | OperatorRule;

export const PAYER: PlainRule = { owner: "payer", retry: false };
export const CURRENCY: PlainRule = { owner: "currency", retry: false };
export const CUSTOMER: PlainRule = { owner: "customer", retry: false };
export const GONE: PlainRule = { owner: "gone", retry: false };
export const UNSOLD: PlainRule = { owner: "unsold", retry: false };
export const BUSY: PlainRule = { owner: "stripe", retry: true };
export const FAILED: PlainRule = { owner: "stripe", retry: true };
export const REFUSED: PlainRule = { owner: "parley", retry: false };

export const KEY = operator("key_rejected", "Set STRIPE_SECRET_KEY to a valid secret key.");
export const MODE = operator(
  "wrong_mode",
  "Use test keys with objects of test mode, and live keys with objects of live mode.",
);
export const PERMISSION = operator(
  "permission_missing",
  "Give the restricted key in STRIPE_SECRET_KEY the rights that docs/billing.md lists.",
);
export const ACCOUNT = operator(
  "account_incomplete",
  "Complete the Stripe account of STRIPE_SECRET_KEY in Stripe's dashboard.",
);
export const METHODS = operator(
  "payment_methods_missing",
  "Turn on a payment method in the settings of Stripe that fits the prices.",
);
export const TAX = operator(
  "tax_not_configured",
  "Set up Stripe Tax, or set billing_policy.automatic_tax to false.",
);
export const PORTAL = operator(
  "portal_not_configured",
  "Save the settings of the customer portal in Stripe, with changes and cancellation turned on.",
);
export const TLS = operator("tls_outdated", "Run the functions where TLS 1.2 is available.");

function operator(cause: string, fix: string): OperatorRule {
  return { owner: "operator", retry: false, cause, fix };
}
