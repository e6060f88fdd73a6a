import { APIError } from "openai";
import { mapAtOnce } from "../_shared/session-files/map-at-once.ts";
import { giveUp } from "../_shared/http/give-up.ts";
import { describeError } from "../_shared/http/log.ts";
import { createMisconfigurationLog } from "../_shared/openai/describe-misconfiguration.ts";
import { type Deletion, type DeletionOutcome, PROVIDERS } from "./cleanup-database.ts";
import type { CleanupPorts, StepReport } from "./cleanup-ports.ts";
import { deleteRemote } from "./delete-remote.ts";

/** The rows of one claim. A run that dies leaves at most this many leased rows for each provider. */
const BATCH = 24;
const DELETIONS_AT_ONCE = 8;

type Provider = typeof PROVIDERS[number];

/**
 * Deletes the objects in the outbox until no row is due, the time is up, or about `limit` are deleted at one provider.
 * After a crash, the rows of the last claims are due again, and a missing object counts as deleted. Each claim covers
 * one provider, so a hung provider cannot block the others.
 */
export async function drainOutbox(ports: CleanupPorts, limit: number): Promise<StepReport> {
  const report = { deleted: 0, failed: 0 };
  const drained = await Promise.allSettled(
    PROVIDERS.map((provider) => drain(ports, provider, limit, report)),
  );
  for (const provider of drained) {
    if (provider.status === "fulfilled") continue;
    ports.log.error("outbox_not_drained", describeError(provider.reason));
    report.failed += 1;
  }
  return report;
}

async function drain(
  ports: CleanupPorts,
  provider: Provider,
  limit: number,
  report: { deleted: number; failed: number },
): Promise<void> {
  const { cleanup, signal } = ports;
  const logMistake = createMisconfigurationLog(ports.log);
  for (let done = 0; done < limit && !signal.aborted;) {
    const claimed = await cleanup.claimDeletions(provider, BATCH);
    if (claimed.length === 0) return;
    const outcomes = await mapAtOnce(
      claimed,
      DELETIONS_AT_ONCE,
      (deletion) => deleteOne(ports, deletion, logMistake),
      signal,
    );
    await cleanup.settleDeletions(outcomes);
    const failed = outcomes.filter(({ error }) => error !== undefined).length;
    report.failed += failed;
    report.deleted += outcomes.length - failed;
    done += claimed.length;
  }
}

async function deleteOne(
  ports: CleanupPorts,
  deletion: Deletion,
  logMistake: (error: unknown) => void,
): Promise<DeletionOutcome> {
  try {
    await giveUp(deleteRemote(ports, deletion), ports.signal);
    return { deletion };
  } catch (error) {
    const { kind, attempts } = deletion;
    ports.log.error("deletion_failed", { kind, attempts, ...describeError(error) });
    logMistake(error);
    return { deletion, error: nameFailure(error) };
  }
}

function nameFailure(error: unknown): string {
  if (error instanceof APIError && error.status !== undefined) return `status ${error.status}`;
  return error instanceof Error ? error.name : "unknown";
}
