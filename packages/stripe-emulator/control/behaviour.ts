import * as z from "zod";
import { Failure } from "@parley/emulator-kit/behaviour-store.ts";

const StripeFailure = Failure.extend({
  /** Carries the request out, and sends the failure in place of its HTTP response. */
  lose_reply: z.boolean().optional(),
  /** The code of a 429; `rate_limit` by default. */
  code: z.enum(["rate_limit", "lock_timeout"]).optional(),

  /** What Stripe's error says, in place of the usual properties for its status. */
  error: z.strictObject({
    message: z.string(),
    type: z.enum(["api_error", "card_error", "idempotency_error", "invalid_request_error"])
      .optional(),
    code: z.string().optional(),
    param: z.string().optional(),
  }).optional(),
});

export type StripeFailure = z.infer<typeof StripeFailure>;

/** The commanded behaviour; `{}` is the default, without delays and faults. */
export const Behaviour = z.strictObject({
  fail: StripeFailure.optional(),
  delay_ms: z.number().min(0).optional(),
  /** The most `/v1` requests in any second; the others get 429. Stripe allows 25 in test mode, 100 in live mode. */
  rate_limit: z.number().int().min(1).optional(),
  /** The status of a subscription after the last failed payment attempt; `canceled` by default. */
  after_retries: z.enum(["canceled", "unpaid"]).optional(),
});
export type Behaviour = z.infer<typeof Behaviour>;
