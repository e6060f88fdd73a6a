import { z } from "zod";
import { Failure } from "@parley/emulator-kit/behaviour-store.ts";

const count = z.number().int().min(0);

/** The commanded behaviour; `{}` is the default, without delays and faults. */
export const Behaviour = z.strictObject({
  ttft_ms: z.number().min(0).optional(),
  tokens_per_second: z.number().positive().optional(),
  reply: z.string().optional(),
  indexing_ms: z.number().min(0).optional(),
  fail: Failure.optional(),
  disconnect_after_events: count.optional(),
  malformed_after_events: count.optional(),
  end: z.enum(["completed", "failed", "incomplete"]).optional(),
});
export type Behaviour = z.infer<typeof Behaviour>;
