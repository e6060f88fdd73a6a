import type { CleanupReply } from "../../types/api.ts";
import { describeError } from "../_shared/http/log.ts";
import { checkStores } from "./check-stores.ts";
import type { CleanupPorts, StepReport } from "./cleanup-ports.ts";
import { drainOutbox } from "./drain-outbox.ts";
import { findOrphans } from "./find-orphans.ts";
import { limitServices } from "./give-up.ts";
import { resumeFiles, resumeStores } from "./resume-work.ts";

/** How long a run takes, in milliseconds: its caller waits 90 seconds, the platform ends it after 150. */
export const LONGEST_MS = 60_000;
const STORES_PER_RUN = 10_000;

type Step = (ports: CleanupPorts) => Promise<StepReport>;

/** None waits for another, so that no step that hangs holds up the outbox, or the rest. */
const STEPS: Record<string, Step> = {
  drain: drainOutbox,
  expire: expireStores,
  check: checkStores,
  resume_files: resumeFiles,
  resume_stores: resumeStores,
  orphans: findOrphans,
};

/**
 * One run of the clean-up: deletes what is in the outbox, and meanwhile expires, takes over, goes on with what was broken
 * off and looks for orphans; then deletes what those have let go of. Ends soon after the signal, whoever hangs. A step
 * that fails is counted, logged and tried again next time.
 */
export async function cleanUp(unlimited: CleanupPorts): Promise<CleanupReply> {
  const { signal, cleanup, log } = unlimited;
  const ports = { ...unlimited, ...limitServices(unlimited, signal) };
  const total = { checked: 0, expired: 0, deleted: 0, recreated: 0, orphans: 0, failed: 0 };
  const run = async (name: string, step: Step) => {
    const report = await runStep(ports, name, step);
    for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += report[key] ?? 0;
  };
  await Promise.all(Object.entries(STEPS).map(([name, step]) => run(name, step)));
  await run("drain", drainOutbox);
  const reply = { ...total, remaining: await cleanup.countDue() };
  log.info("cleaned_up", reply);
  return reply;
}

async function runStep(ports: CleanupPorts, name: string, step: Step): Promise<StepReport> {
  try {
    return await step(ports);
  } catch (error) {
    ports.log.error("cleanup_step_failed", { step: name, ...describeError(error) });
    return { failed: 1 };
  }
}

async function expireStores({ cleanup }: CleanupPorts): Promise<StepReport> {
  const expired = await cleanup.expireDue(STORES_PER_RUN);
  await cleanup.releaseExpired(STORES_PER_RUN);
  return { expired };
}
