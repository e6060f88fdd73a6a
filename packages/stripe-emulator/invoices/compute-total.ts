import type Stripe from "stripe";

/** The rate of the emulator's tax, which is added to every price. */
const TAX_RATE = 0.1;

/** The id of the one tax rate. */
export const TAX_RATE_ID = "txr_emulator";

/** The amounts of a bill. */
export interface Amounts {
  reduction: number;
  tax: number;
  total: number;
}

/** Returns what a coupon takes off a subtotal, the tax on the rest, and the total. */
export function computeTotal(
  subtotal: number,
  coupon?: Stripe.Coupon,
  taxed = false,
): Amounts {
  const off = coupon?.amount_off ?? Math.round(subtotal * (coupon?.percent_off ?? 0) / 100);
  const reduction = Math.max(0, Math.min(subtotal, off));
  const tax = taxed ? Math.round((subtotal - reduction) * TAX_RATE) : 0;
  return { reduction, tax, total: subtotal - reduction + tax };
}
