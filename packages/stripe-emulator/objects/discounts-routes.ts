import { Hono } from "hono";
import type Stripe from "stripe";
import * as z from "zod";
import { invalid } from "../http/api-error.ts";
import type { EmulatorEnv } from "../http/emulator-env.ts";
import { findObject } from "../http/find-objects.ts";
import {
  Count,
  Expand,
  Flag,
  LIST_PARAMS,
  mergeMetadata,
  MetadataParam,
  Text,
} from "../http/param-schemas.ts";
import { parseInput } from "../http/parse-request.ts";
import { respondPage, respondToWork, respondWith } from "../http/respond.ts";
import { newId, randomText } from "../new-id.ts";
import { nowInSeconds } from "../periods.ts";
import type { EmulatorState } from "../state.ts";
import { insert } from "../work.ts";

const CouponParams = z.strictObject({
  id: Text.optional(),
  amount_off: Count.optional(),
  currency: Text.optional(),
  duration: z.enum(["forever", "once"]).default("once"),
  max_redemptions: Count.optional(),
  metadata: MetadataParam.optional(),
  name: Text.optional(),
  percent_off: z.coerce.number().min(0.01).max(100).optional(),
  expand: Expand,
});

const PromotionCodeParams = z.strictObject({
  promotion: z.strictObject({ type: z.literal("coupon"), coupon: Text }),
  code: Text.optional(),
  metadata: MetadataParam.optional(),
  expand: Expand,
});
const PromotionCodeListParams = z.strictObject({
  ...LIST_PARAMS,
  active: Flag.optional(),
  code: Text.optional(),
});
const CouponListParams = z.strictObject(LIST_PARAMS);

/** Returns the routes of `/v1/coupons`. */
export function couponsRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>()
    .post("/", (c) => {
      const { expand, ...params } = parseInput(c.var.params, CouponParams);
      const coupon = buildCoupon(params);
      return respondToWork(
        c,
        state,
        expand,
        (work) => insert(work, "coupon", coupon, "coupon.created"),
      );
    })
    .get("/", (c) => {
      const params = parseInput(c.var.params, CouponListParams);
      return respondPage(c, state, [...state.objects.coupon.values()], params);
    })
    .get("/:id", (c) => respondWith(c, state, findObject(state, "coupon", c.req.param("id"))));
}

/** Returns the routes of `/v1/promotion_codes`. */
export function promotionCodesRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>()
    .post("/", (c) => {
      const { expand, promotion, code, metadata } = parseInput(c.var.params, PromotionCodeParams);
      findObject(state, "coupon", promotion.coupon, "promotion[coupon]");
      const promotionCode: Stripe.PromotionCode = {
        id: newId("promo"),
        object: "promotion_code",
        active: true,
        code: code ?? randomText(8).toUpperCase(),
        created: nowInSeconds(),
        customer: null,
        customer_account: null,
        expires_at: null,
        livemode: false,
        max_redemptions: null,
        metadata: mergeMetadata({}, metadata),
        promotion,
        restrictions: {
          first_time_transaction: false,
          minimum_amount: null,
          minimum_amount_currency: null,
        },
        times_redeemed: 0,
      };
      return respondToWork(
        c,
        state,
        expand,
        (work) => insert(work, "promotion_code", promotionCode, "promotion_code.created"),
      );
    })
    .get("/", (c) => {
      const params = parseInput(c.var.params, PromotionCodeListParams);
      const codes = [...state.objects.promotion_code.values()].filter(({ code, active }) =>
        (params.code ?? code) === code && (params.active ?? active) === active
      );
      return respondPage(c, state, codes, params);
    })
    .get(
      "/:id",
      (c) => respondWith(c, state, findObject(state, "promotion_code", c.req.param("id"))),
    );
}

function buildCoupon(
  { metadata, amount_off, percent_off, ...params }: Omit<z.infer<typeof CouponParams>, "expand">,
): Stripe.Coupon {
  if ((amount_off === undefined) === (percent_off === undefined)) {
    throw invalid("You must pass either `percent_off` or `amount_off`.", "percent_off");
  }
  return {
    id: params.id ?? randomText(8),
    object: "coupon",
    amount_off: amount_off ?? null,
    created: nowInSeconds(),
    currency: params.currency ?? null,
    duration: params.duration,
    duration_in_months: null,
    livemode: false,
    max_redemptions: params.max_redemptions ?? null,
    metadata: mergeMetadata({}, metadata),
    name: params.name ?? null,
    percent_off: percent_off ?? null,
    redeem_by: null,
    times_redeemed: 0,
    valid: true,
  };
}
