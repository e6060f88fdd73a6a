import { z } from "zod";

/** Stripe allows at most 730 days. */
const Metadata = z.object({ trial_days: z.coerce.number().int().min(1).max(730) });

/** Returns the days of trial in a price's metadata, or null. */
export function readTrialDays(metadata: unknown): number | null {
  const parsed = Metadata.safeParse(metadata);
  return parsed.success ? parsed.data.trial_days : null;
}
