import type { LookoutsReply } from "../../types/api.ts";
import { mapAtOnce } from "../_shared/session-files/map-at-once.ts";
import { type RunPorts, type RunStart, startRun } from "./start-run.ts";

/**
 * The most runs that one call starts. The schedule's `per_call` in the database is the same number. Each run logs a
 * line, and a hosted function may log 100 in 10 seconds: https://supabase.com/docs/guides/functions/limits
 */
const PER_CALL = 50;
const AT_ONCE = 8;
/** The runs of one claim. If the function dies, these wait for the end of their lease. */
const BATCH = 2 * AT_ONCE;
/** When a call claims no further runs. The schedule waits for 90 seconds, and a start may take 20. */
const CLAIM_MS = 45_000;

/** Starts due lookouts until none is due, or the call has done its part. Their replies are written without it. */
export async function runDueLookouts(ports: RunPorts): Promise<LookoutsReply> {
  const claimUntil = ports.now().getTime() + CLAIM_MS;
  const counts: Record<RunStart, number> = {
    started: 0,
    failed: 0,
    skipped: 0,
    waiting: 0,
    gone: 0,
  };
  let claimed = 0;
  while (claimed < PER_CALL && ports.now().getTime() < claimUntil) {
    const runs = await ports.lookouts.claimDue(Math.min(BATCH, PER_CALL - claimed));
    if (runs.length === 0) break;
    claimed += runs.length;
    await mapAtOnce(runs, AT_ONCE, async (run) => {
      counts[await startRun(ports, run)] += 1;
    });
  }
  const { started, failed, skipped, waiting, gone } = counts;
  return { claimed, started, failed, skipped, waiting: waiting + gone };
}
