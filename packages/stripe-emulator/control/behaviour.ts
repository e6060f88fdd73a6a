import { z } from "zod";
import { Failure } from "@parley/emulator-kit/behaviour-store.ts";

const LosableFailure = Failure.extend({
  /** Carries the request out, and sends the failure in place of its HTTP response. */
  lose_reply: z.boolean().optional(),
});

/** The commanded behaviour; `{}` is the default, without delays and faults. */
export const Behaviour = z.strictObject({
  fail: LosableFailure.optional(),
  delay_ms: z.number().min(0).optional(),
  /** The status of a subscription after the last failed payment attempt; `canceled` by default. */
  after_retries: z.enum(["canceled", "unpaid"]).optional(),
});
export type Behaviour = z.infer<typeof Behaviour>;
