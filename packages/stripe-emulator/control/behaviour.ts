import { z } from "zod";
import { Failure } from "@parley/emulator-kit/behaviour-store.ts";

const LosableFailure = Failure.extend({
  /** The request is done all the same; the failure takes the place of its reply. */
  lose_reply: z.boolean().optional(),
});

/** How the emulator is told to behave; everything absent means: as well as it can. */
export const Behaviour = z.strictObject({
  fail: LosableFailure.optional(),
  delay_ms: z.number().min(0).optional(),
  /** What becomes of a subscription whose payment has failed for the last time; `canceled` when absent. */
  after_retries: z.enum(["canceled", "unpaid"]).optional(),
});
export type Behaviour = z.infer<typeof Behaviour>;
