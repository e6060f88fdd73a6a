import type { CleanupReply } from "../../types/api.ts";
import { describeError } from "../_shared/log.ts";
import { checkStores } from "./check-stores.ts";
import type { CleanupPorts, StepReport } from "./cleanup-ports.ts";
import { drainOutbox } from "./drain-outbox.ts";
import { findOrphans } from "./find-orphans.ts";
import { resumeFiles, resumeStores } from "./resume-work.ts";

/** A run ends well before the platform would end it; what is left waits for the next. */
const LONGEST_MS = 60_000;
const STORES_PER_RUN = 10_000;

/**
 * One run of the clean-up: expires, takes over, goes on with what was broken off, looks for orphans, then deletes what
 * is in the outbox. Its steps do not depend on each other: one that fails is counted, logged and tried again next time.
 */
export async function cleanUp(ports: CleanupPorts): Promise<CleanupReply> {
  const deadline = Date.now() + LONGEST_MS;
  const steps: Record<string, () => Promise<StepReport>> = {
    expire: () => expireStores(ports),
    check: () => checkStores(ports),
    resume_files: () => resumeFiles(ports),
    resume_stores: () => resumeStores(ports),
    orphans: () => findOrphans(ports),
    drain: () => drainOutbox(ports, deadline),
  };
  const total = { checked: 0, expired: 0, deleted: 0, recreated: 0, orphans: 0, failed: 0 };
  for (const [name, step] of Object.entries(steps)) {
    const report = await runStep(ports, name, step);
    for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += report[key] ?? 0;
  }
  const reply = { ...total, remaining: await ports.cleanup.countDue() };
  ports.log.info("cleaned_up", reply);
  return reply;
}

async function runStep(
  { log }: CleanupPorts,
  name: string,
  step: () => Promise<StepReport>,
): Promise<StepReport> {
  try {
    return await step();
  } catch (error) {
    log.error("cleanup_step_failed", { step: name, ...describeError(error) });
    return { failed: 1 };
  }
}

async function expireStores({ cleanup }: CleanupPorts): Promise<StepReport> {
  const expired = await cleanup.expireDue(STORES_PER_RUN);
  await cleanup.releaseExpired(STORES_PER_RUN);
  return { expired };
}
