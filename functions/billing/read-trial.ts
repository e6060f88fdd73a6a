import { z } from "zod";

/** Stripe takes at most 730 days. */
const Metadata = z.object({ trial_days: z.coerce.number().int().min(1).max(730) });

/** Days of trial that a price's metadata gives, or null. */
export function readTrialDays(metadata: unknown): number | null {
  const parsed = Metadata.safeParse(metadata);
  return parsed.success ? parsed.data.trial_days : null;
}
