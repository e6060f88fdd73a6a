import { APIError } from "openai";
import { mapAtOnce } from "../_shared/files/map-at-once.ts";
import { describeError } from "../_shared/log.ts";
import type { Deletion } from "./cleanup-database.ts";
import type { CleanupPorts, StepReport } from "./cleanup-ports.ts";
import { deleteRemote } from "./delete-remote.ts";

const BATCH = 100;
const DELETIONS_AT_ONCE = 8;

/** Deletes what is in the outbox until nothing is due or the time is up; each row is ended by itself, so that a crash loses nothing. */
export async function drainOutbox(ports: CleanupPorts, deadline: number): Promise<StepReport> {
  const report = { deleted: 0, failed: 0 };
  while (Date.now() < deadline) {
    const claimed = await ports.cleanup.claimDeletions(BATCH);
    if (claimed.length === 0) break;
    const outcomes = await mapAtOnce(
      claimed,
      DELETIONS_AT_ONCE,
      (deletion) => deleteOne(ports, deletion),
    );
    for (const outcome of outcomes) report[outcome] += 1;
  }
  return report;
}

async function deleteOne(ports: CleanupPorts, deletion: Deletion): Promise<"deleted" | "failed"> {
  const { cleanup, log } = ports;
  try {
    await deleteRemote(ports, deletion);
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
