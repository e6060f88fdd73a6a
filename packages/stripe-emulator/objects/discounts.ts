import type Stripe from "stripe";
import { invalid } from "../http/api-error.ts";
import { findObject, lookUp } from "../http/find-objects.ts";
import type { Bill } from "../invoices/build-invoice.ts";
import { newId } from "../new-id.ts";
import { nowInSeconds } from "../periods.ts";
import type { EmulatorState } from "../state.ts";
import { insert, update, type Work } from "../work.ts";

/** A coupon, and the promotion code by which a customer gets it. */
export interface Redemption {
  coupon: Stripe.Coupon;
  promotionCode: Stripe.PromotionCode | null;
}

/** Returns what a code gives. Throws Stripe's 400 for a code that is unknown or no longer valid. */
export function redeemable(state: EmulatorState, code: string): Redemption {
  const promotionCode = [...state.objects.promotion_code.values()].find((each) =>
    each.active && each.code.toLowerCase() === code.toLowerCase()
  );
  const coupon = lookUp(state, "coupon", promotionCode?.promotion.coupon);
  if (!promotionCode || !coupon) throw invalid("This code is invalid.", "promotion_code");
  if (!coupon.valid) throw invalid("This coupon has expired.", "promotion_code", "coupon_expired");
  return { coupon, promotionCode };
}

/** Redeems a coupon: counts it, and creates the discount. */
export function redeem(
  work: Work,
  { coupon, promotionCode }: Redemption,
  fields: Pick<Stripe.Discount, "customer" | "checkout_session">,
): Stripe.Discount {
  const times = coupon.times_redeemed + 1;
  update(work, "coupon", coupon.id, {
    times_redeemed: times,
    valid: coupon.max_redemptions === null || times < coupon.max_redemptions,
  }, "coupon.updated");
  if (promotionCode) {
    update(work, "promotion_code", promotionCode.id, {
      times_redeemed: promotionCode.times_redeemed + 1,
    }, "promotion_code.updated");
  }
  return insert(work, "discount", {
    id: newId("di"),
    object: "discount",
    customer_account: null,
    end: null,
    invoice: null,
    invoice_item: null,
    promotion_code: promotionCode?.id ?? null,
    source: { coupon: coupon.id, type: "coupon" },
    start: nowInSeconds(),
    subscription: null,
    subscription_item: null,
    ...fields,
  });
}

/** Returns the discount and the tax of a bill; those of its subscription if it has one. */
export function reductionsOf(
  { state }: Work,
  { discount, taxed, subscription }: Bill,
): Pick<Bill, "discount" | "taxed"> {
  const found = lookUp(state, "discount", subscription?.discounts[0]);
  const coupon = lookUp(state, "coupon", found?.source.coupon);
  return {
    discount: discount ?? (found && coupon ? { id: found.id, coupon } : undefined),
    taxed: taxed ?? subscription?.automatic_tax.enabled ?? false,
  };
}

/** Ends the discount of a subscription after the one invoice that its coupon is for. */
export function endDiscount(
  work: Work,
  { subscription }: Bill,
  discount: Bill["discount"],
): void {
  if (!subscription || discount?.coupon.duration !== "once") return;
  const { id } = findObject(work.state, "subscription", subscription.id);
  update(work, "subscription", id, { discounts: [] }, "customer.subscription.updated");
  update(work, "discount", discount.id, { end: nowInSeconds(), subscription: id });
}
