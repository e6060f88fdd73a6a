import pg from "pg";
import type { Policies } from "../stack/settings.ts";

/** Tells the database of policies that it applies by itself. As role `postgres`. */
export async function setPolicies(databaseUrl: string, policies: Policies): Promise<void> {
  const client = new pg.Client(databaseUrl);
  await client.connect();
  try {
    await client.query("update private.billing_policy set past_due_grace_days = $1", [
      policies.pastDueGraceDays,
    ]);
    await client.query(
      "update private.retention_policy set activity_days = $1, audit_days = $2",
      [policies.activityRetentionDays, policies.auditRetentionDays],
    );
  } finally {
    await client.end();
  }
}
