import type { Policies } from "../stack/settings.ts";
import { withConnection } from "./with-connection.ts";

/** Stores the policies that the database enforces. The URL is that of role `postgres`. */
export async function setPolicies(databaseUrl: string, policies: Policies): Promise<void> {
  await withConnection(databaseUrl, async (client) => {
    await client.query("update private.billing_policy set past_due_grace_days = $1", [
      policies.pastDueGraceDays,
    ]);
    await client.query(
      "update private.retention_policy set activity_days = $1, audit_days = $2",
      [policies.activityRetentionDays, policies.auditRetentionDays],
    );
  });
}
