import type Stripe from "stripe";
import * as z from "zod";
import { invalid } from "../http/api-error.ts";
import { computeTotal } from "../invoices/compute-total.ts";
import { redeemable, type Redemption } from "../objects/discounts.ts";
import type { EmulatorState } from "../state.ts";
import type { CheckoutPlan } from "./checkout-plan.ts";

/** What a customer chooses and enters on the page of a checkout. */
export const Choices = z.strictObject({
  promotion_code: z.string().optional(),
  quantity: z.number().int().min(1).optional(),
  custom_fields: z.record(z.string(), z.string()).default({}),
  /** The country of the address; Stripe Tax needs it. */
  country: z.string().length(2).default("US"),
});
export type Choices = z.infer<typeof Choices>;

/** A session and its plan with the choices of the customer. */
export interface Chosen {
  plan: CheckoutPlan;
  redemption: Redemption | null;
  /** The properties of the session that show the choices. */
  fields: Partial<Stripe.Checkout.Session>;
}

/** Applies the choices of a customer. Throws a 400 for a choice that the session does not offer. */
export function choose(
  state: EmulatorState,
  session: Stripe.Checkout.Session,
  plan: CheckoutPlan,
  { promotion_code, quantity, custom_fields, country }: Choices,
): Chosen {
  if (promotion_code !== undefined && !session.allow_promotion_codes) {
    throw invalid("This checkout takes no promotion codes.", "promotion_code");
  }
  if (quantity !== undefined && quantity > (plan.maxQuantity ?? 1)) {
    throw invalid(`The quantity is at most ${plan.maxQuantity ?? 1}.`, "quantity");
  }
  const redemption = promotion_code === undefined ? null : redeemable(state, promotion_code);
  const lineItems = plan.lineItems.map((line) =>
    quantity === undefined ? line : resize(line, quantity)
  );
  const subtotal = lineItems.reduce((sum, { amount_subtotal }) => sum + amount_subtotal, 0);
  const due = plan.trialDays > 0 ? 0 : subtotal;
  const { reduction, tax, total } = computeTotal(due, redemption?.coupon, plan.taxed);
  return {
    plan: { ...plan, lineItems },
    redemption,
    fields: {
      amount_subtotal: due,
      amount_total: total,
      total_details: { amount_discount: reduction, amount_shipping: 0, amount_tax: tax },
      discounts: redemption
        ? [{ coupon: redemption.coupon.id, promotion_code: redemption.promotionCode?.id ?? null }]
        : [],
      ...plan.taxed && { automatic_tax: { ...session.automatic_tax, status: "complete" } },
      custom_fields: session.custom_fields.map((field) => answer(field, custom_fields)),
      customer_details: {
        address: asksForAddress(session)
          ? { city: null, country, line1: null, line2: null, postal_code: null, state: null }
          : null,
        business_name: null,
        email: null,
        individual_name: null,
        name: null,
        phone: null,
        tax_exempt: "none",
        tax_ids: [],
      },
    },
  };
}

function asksForAddress({ automatic_tax, billing_address_collection }: Stripe.Checkout.Session) {
  return automatic_tax.enabled || billing_address_collection === "required";
}

function resize(line: Stripe.LineItem, quantity: number): Stripe.LineItem {
  const amount = (line.price?.unit_amount ?? 0) * quantity;
  return { ...line, quantity, amount_subtotal: amount, amount_total: amount };
}

function answer(
  field: Stripe.Checkout.Session.CustomField,
  answers: Record<string, string>,
): Stripe.Checkout.Session.CustomField {
  const value = answers[field.key] ?? null;
  if (value === null && !field.optional) {
    throw invalid(`The field ${field.key} is required.`, "custom_fields");
  }
  const { text, numeric } = field;
  return {
    ...field,
    ...text && { text: { ...text, value } },
    ...numeric && { numeric: { ...numeric, value } },
  };
}
