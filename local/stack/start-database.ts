import { migrateDatabase } from "../migrations/migrate-database.ts";
import { migrationChange, MigrationError } from "../migrations/migrations.ts";
import { type PlatformDatabase, startDatabase } from "../postgres/platform-database.ts";
import { setPolicies } from "../postgres/policies.ts";
import type { WantedPort } from "./bind-port.ts";
import type { Log } from "./log.ts";
import type { Site } from "./site.ts";
import { writeWaiting } from "./status.ts";

/**
 * Starts Postgres, applies the migrations and stores the policies. With a signal, a broken migration is reported and
 * tried again after an edit. Rejects when Postgres cannot start, and without a signal when a migration fails.
 */
export async function startMigratedDatabase(
  { settings: { stateDir, policies }, keys, apiUrl, log }: Site,
  port: WantedPort,
  parts: AsyncDisposableStack,
  signal: AbortSignal | null,
): Promise<PlatformDatabase> {
  const database = await startDatabase({ stateDir, port, apiUrl, keys, log });
  parts.defer(() => database.service.stop());
  await migrate(database, { stateDir, log, signal });
  await setPolicies(database.url("postgres"), policies);
  return database;
}

/** Applies the migrations. With a signal, waits for an edit after a failure and tries again. */
async function migrate(
  database: PlatformDatabase,
  { stateDir, log, signal }: { stateDir: string; log: Log; signal: AbortSignal | null },
): Promise<void> {
  for (;;) {
    try {
      await migrateDatabase(database.url("postgres"), { log: (line) => log("stack", line) });
      return;
    } catch (error) {
      if (!(error instanceof MigrationError) || !signal) throw error;
      await writeWaiting(stateDir, error.message);
      log("stack", `${error.message}\n           Waiting for a change in supabase/migrations/ …`);
      try {
        await migrationChange(signal);
      } finally {
        await writeWaiting(stateDir, null);
      }
    }
  }
}
