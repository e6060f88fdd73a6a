import { describeError, type Log } from "../http/log.ts";
import type { BillingDatabase } from "./billing-database.ts";
import { describeMisconfiguration } from "./error-table.ts";

/**
 * Logs and stores what the operator must change, if that is the cause of an error. `db:health` reads the stored cause.
 * Does not throw, because the caller still has to answer.
 */
export async function reportMisconfiguration(
  { db, log }: { db: Pick<BillingDatabase, "reportProblem">; log: Log },
  error: unknown,
): Promise<void> {
  const found = describeMisconfiguration(error);
  if (!found) return;
  const { cause, fix } = found;
  log.error("provider_misconfigured", { provider: "Stripe", cause, fix });
  await db.reportProblem(cause, fix).catch((failure: unknown) =>
    log.error("problem_not_stored", describeError(failure))
  );
}
