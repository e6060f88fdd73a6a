import type { LookoutsReply } from "../../types/api.ts";
import { type RunEnd, runLookoutSafely, type RunPorts } from "./run-lookout.ts";

/** The most runs at the same time in one call. */
const AT_ONCE = 10;
/** When a call stops claiming runs, and when it responds at the latest. The schedule waits for 90 seconds. */
const CLAIM_MS = 45_000;
const ANSWER_MS = 80_000;

/** The reply of a call, and the end of the runs that continue after it. */
export interface DueRuns {
  reply: Promise<LookoutsReply>;
  /** Resolves when the last run of this call has ended. Never rejects. */
  settled: Promise<void>;
}

/** Executes due lookouts, also those that become due meanwhile, `AT_ONCE` at a time, until the time is up. */
export function runDueLookouts(ports: RunPorts): DueRuns {
  const claimUntil = ports.now().getTime() + CLAIM_MS;
  const counts: Record<RunEnd, number> & { claimed: number } = {
    claimed: 0,
    complete: 0,
    failed: 0,
    skipped: 0,
    waiting: 0,
    gone: 0,
  };

  async function work(): Promise<void> {
    while (ports.now().getTime() < claimUntil) {
      const [run] = await ports.lookouts.claimDue(1);
      if (!run) return;
      counts.claimed += 1;
      counts[await runLookoutSafely(ports, run)] += 1;
    }
  }

  const workers = Array.from({ length: AT_ONCE }, work);
  const ended = Promise.all(workers);
  return {
    settled: Promise.allSettled(workers).then(() => {}),
    reply: withinTime(ended).then(async () => {
      const { claimed, complete, failed, skipped, gone } = counts;
      const remaining = await ports.lookouts.countDue();
      return { claimed, complete, failed, skipped: skipped + gone, remaining };
    }),
  };
}

async function withinTime(work: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<void>((resolve) => timer = setTimeout(resolve, ANSWER_MS));
  await Promise.race([work, timeout]).finally(() => clearTimeout(timer));
}
