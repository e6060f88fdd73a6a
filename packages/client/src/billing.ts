import type {
  ProductsReply,
  RedirectReply,
  SubscriptionReply,
} from "../../../types/client-results.ts";
import type { Calls } from "./calls.ts";

export type { RedirectReply, SubscriptionReply };

/** A product that is for sale, with its prices. */
export type Product = ProductsReply["products"][number];

/** Who pays: the caller, or the organization that the caller owns or administrates. */
export type Payer = "user" | "organization";

/** What `billing.checkout` sells. */
export interface Checkout {
  /** The id of a price of `billing.products`. */
  priceId: string;
  /** Where the user returns to after the purchase. Its origin must be allowed. */
  successUrl: string;
  /** Where the user returns to without a purchase. Its origin must be allowed. */
  cancelUrl: string;
  for?: Payer;
  /** Seats of an organization; as many as members by default. */
  quantity?: number;
}

/** What `billing.portal` opens. */
export interface Portal {
  /** Where the user returns to. Its origin must be allowed. */
  returnUrl: string;
  for?: Payer;
  /** The page that opens; the overview by default. */
  flow?: "change" | "cancel" | "payment_method";
  /** The price to change to, with the flow `change`. */
  priceId?: string;
}

/** Plans, purchases and subscriptions. */
export interface Billing {
  /**
   * Lists what is for sale, also without sign-in.
   *
   * @example
   * const products = await parley.billing.products();
   */
  products(): Promise<Product[]>;
  /**
   * Opens a checkout. Send the user to the `url`.
   *
   * @example
   * const { url } = await parley.billing.checkout({
   *   priceId: "price_1",
   *   successUrl: "https://example.com/welcome",
   *   cancelUrl: "https://example.com/plans",
   * });
   */
  checkout(checkout: Checkout): Promise<RedirectReply>;
  /**
   * Opens the customer portal. Send the user to the `url`.
   *
   * @example
   * const { url } = await parley.billing.portal({ returnUrl: "https://example.com/account", flow: "cancel" });
   */
  portal(portal: Portal): Promise<RedirectReply>;
  /**
   * Reads the plan and the subscription of the caller.
   *
   * @example
   * const { plan, subscription } = await parley.billing.subscription();
   */
  subscription(): Promise<SubscriptionReply>;
}

/** Creates `parley.billing`. */
export function createBilling({ invoke }: Calls): Billing {
  return {
    products: async () => (await invoke<ProductsReply>("GET", "billing/products")).products,
    checkout: ({ priceId, successUrl, cancelUrl, ...rest }) =>
      invoke("POST", "billing/checkout", {
        body: { ...rest, price_id: priceId, success_url: successUrl, cancel_url: cancelUrl },
      }),
    portal: ({ returnUrl, priceId, ...rest }) =>
      invoke("POST", "billing/portal", {
        body: { ...rest, return_url: returnUrl, price_id: priceId },
      }),
    subscription: () => invoke("GET", "billing/subscription"),
  };
}
