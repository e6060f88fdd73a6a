import type Stripe from "stripe";
import { invalid } from "../http/api-error.ts";
import { buildCheckoutSession, buildLineItem } from "./build-checkout-session.ts";
import { checkCurrency } from "./check-currency.ts";
import type { CheckoutParams } from "./checkout-params.ts";
import type { CheckoutPlan } from "./checkout-plan.ts";
import { findObject, lookUp } from "../http/find-objects.ts";
import { mergeMetadata } from "../http/param-schemas.ts";
import type { EmulatorState } from "../state.ts";
import { insert, type Work } from "../work.ts";

/** Opens a checkout session with its page on `origin`. Throws Stripe's 400 if the prices do not fit the mode. */
export function createCheckout(
  work: Work,
  params: CheckoutParams,
  origin: string,
): Stripe.Checkout.Session {
  const plan = planCheckout(work.state, params);
  checkCustomer(work.state, params);
  checkPrices(plan.lineItems, params.mode);
  checkTax(work.state, params);
  const { customer } = params.fields;
  if (typeof customer === "string" && params.mode === "subscription") {
    checkCurrency(work.state, customer, plan.lineItems[0]?.currency ?? "usd");
  }
  const amount = plan.trialDays > 0
    ? 0
    : plan.lineItems.reduce((sum, { amount_total }) => sum + amount_total, 0);
  const session = buildCheckoutSession({
    mode: params.mode,
    ...params.fields,
    amount_subtotal: amount,
    amount_total: amount,
    currency: plan.lineItems[0]?.currency ?? "usd",
    customer_creation: customerCreation(params),
  });
  work.state.checkoutPlans.set(session.id, plan);
  return insert(work, "checkout.session", { ...session, url: `${origin}/c/pay/${session.id}` });
}

function planCheckout(state: EmulatorState, params: CheckoutParams): CheckoutPlan {
  const { subscription_data: data, payment_intent_data, invoice_creation } = params;
  const lineItems = params.line_items.map(({ price: id, quantity }, index) => {
    const price = findObject(state, "price", id, `line_items[${index}][price]`);
    const product = lookUp(state, "product", price.product);
    return buildLineItem({ price, quantity }, product?.name ?? id);
  });
  const wantsInvoice = invoice_creation?.enabled ?? false;
  return {
    lineItems,
    taxed: params.automatic_tax?.enabled ?? false,
    maxQuantity: params.line_items[0]?.adjustable_quantity?.enabled
      ? params.line_items[0].adjustable_quantity.maximum
      : undefined,
    trialDays: data?.trial_period_days ?? 0,
    subscription: {
      metadata: mergeMetadata({}, data?.metadata),
      description: data?.description ?? null,
      ...data?.trial_settings && {
        trial_settings: {
          end_behavior: { billing_cycle_anchor: null, ...data.trial_settings.end_behavior },
        },
      },
    },
    paymentIntentMetadata: mergeMetadata({}, payment_intent_data?.metadata),
    invoiceMetadata: wantsInvoice
      ? mergeMetadata({}, invoice_creation?.invoice_data?.metadata)
      : null,
  };
}

function checkCustomer(state: EmulatorState, { fields }: CheckoutParams): void {
  const { customer, customer_email } = fields;
  if (typeof customer !== "string") return;
  findObject(state, "customer", customer, "customer");
  if (!customer_email) return;
  throw invalid("You may only specify one of these parameters: customer, customer_email.");
}

/** Throws Stripe's 400 if the tax of a customer without an address is to be computed. */
function checkTax(
  state: EmulatorState,
  { fields, automatic_tax, customer_update }: CheckoutParams,
) {
  const customer = lookUp(state, "customer", fields.customer);
  if (!automatic_tax?.enabled || !customer || customer.address) return;
  if (customer_update?.address === "auto") return;
  throw invalid(
    "Automatic tax calculation in Checkout requires a valid address on the Customer. Add a valid address to the " +
      "Customer or set `customer_update[address]` to 'auto' to save the address entered in Checkout to the Customer.",
    undefined,
    "customer_tax_location_invalid",
  );
}

function checkPrices(
  lineItems: readonly Stripe.LineItem[],
  mode: CheckoutParams["mode"],
): void {
  const prices = lineItems.map(({ price }) => price);
  if (prices.some((price) => !price?.active)) {
    throw invalid(
      "The price specified is inactive. This field only accepts active prices.",
      "line_items[0][price]",
      "price_inactive",
    );
  }
  const recurs = prices.some((price) => price?.type === "recurring");
  if (mode === "subscription" && !recurs) {
    throw invalid(
      "You must provide at least one recurring price in `subscription` mode when using prices.",
    );
  }
  if (mode === "payment" && recurs) {
    throw invalid(
      "You specified `payment` mode but passed a recurring price. Either switch to `subscription` " +
        "mode or use only one-time prices.",
    );
  }
}

function customerCreation(
  { mode, fields, customer_creation }: CheckoutParams,
): Stripe.Checkout.Session.CustomerCreation | null {
  if (fields.customer) return null;
  return mode === "subscription" ? "always" : customer_creation ?? "if_required";
}
