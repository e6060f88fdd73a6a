import { APIError } from "openai";
import { mapAtOnce } from "../_shared/session-files/map-at-once.ts";
import { giveUp } from "../_shared/http/give-up.ts";
import { describeError } from "../_shared/http/log.ts";
import { type Deletion, PROVIDERS } from "./cleanup-database.ts";
import type { CleanupPorts, StepReport } from "./cleanup-ports.ts";
import { deleteRemote } from "./delete-remote.ts";

/** The rows of one claim. A run that dies leaves at most this many leased rows for each provider. */
const BATCH = 16;
const DELETIONS_AT_ONCE = 8;

/**
 * Deletes the objects in the outbox until no row is due or the time is up. Each row is settled on its own, so a crash
 * loses nothing. Each claim covers one provider, so a hung provider cannot block the others.
 */
export async function drainOutbox(ports: CleanupPorts): Promise<StepReport> {
  const report = { deleted: 0, failed: 0 };
  const drained = await Promise.allSettled(PROVIDERS.map(async (provider) => {
    while (!ports.signal.aborted) {
      const claimed = await ports.cleanup.claimDeletions(provider, BATCH);
      if (claimed.length === 0) return;
      await mapAtOnce(claimed, DELETIONS_AT_ONCE, async (deletion) => {
        report[await deleteOne(ports, deletion)] += 1;
      }, ports.signal);
    }
  }));
  for (const provider of drained) {
    if (provider.status === "fulfilled") continue;
    ports.log.error("outbox_not_drained", describeError(provider.reason));
    report.failed += 1;
  }
  return report;
}

async function deleteOne(ports: CleanupPorts, deletion: Deletion): Promise<"deleted" | "failed"> {
  const { cleanup, log, signal } = ports;
  try {
    await giveUp(deleteRemote(ports, deletion), signal);
  } catch (error) {
    const { kind, attempts } = deletion;
    log.error("deletion_failed", { kind, attempts, ...describeError(error) });
    await cleanup.completeDeletion(deletion, nameFailure(error));
    return "failed";
  }
  await cleanup.completeDeletion(deletion);
  return "deleted";
}

function nameFailure(error: unknown): string {
  if (error instanceof APIError && error.status !== undefined) return `status ${error.status}`;
  return error instanceof Error ? error.name : "unknown";
}
