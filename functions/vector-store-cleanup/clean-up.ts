import type { CleanupReply, DeletionsReply, IndexingReply } from "../../types/api.ts";
import { describeError } from "../_shared/http/log.ts";
import { logMisconfiguration } from "../_shared/openai/describe-misconfiguration.ts";
import { checkStores } from "./check-stores.ts";
import type { CleanupPorts, StepReport } from "./cleanup-ports.ts";
import { drainOutbox } from "./drain-outbox.ts";
import { findOrphans } from "./find-orphans.ts";
import { limitServices } from "./limit-services.ts";
import { resumeFiles, resumeStores } from "./resume-work.ts";

/** The longest run, in milliseconds. Its caller waits 90 seconds, and the platform ends a function after 150. */
export const LONGEST_MS = 60_000;
const STORES_PER_RUN = 10_000;
/** The objects that one call deletes at a provider. The schedule's `per_call` in the database is the same number. */
const PER_CALL = 300;

type Step = (ports: CleanupPorts) => Promise<StepReport>;

/** These steps run at the same time, so a step that hangs cannot delay the outbox or another step. */
const STEPS: Record<string, Step> = {
  drain: (ports) => drainOutbox(ports, PER_CALL),
  expire: expireStores,
  check: checkStores,
  resume_files: resumeFiles,
  resume_stores: resumeStores,
  orphans: findOrphans,
};

/**
 * Runs the clean-up once. All steps run at the same time: they drain the outbox, expire and check stores, resume
 * interrupted work and look for orphans. A second drain then deletes what those steps added to the outbox. The run ends
 * soon after the signal, even when a service hangs. A failed step is counted and logged; the next run repeats it.
 */
export async function cleanUp(unlimited: CleanupPorts): Promise<CleanupReply> {
  const { signal, log } = unlimited;
  const ports = { ...unlimited, ...limitServices(unlimited, signal) };
  const total = { checked: 0, expired: 0, deleted: 0, recreated: 0, orphans: 0, failed: 0 };
  const run = async (name: string, step: Step) => {
    const report = await runStep(ports, name, step);
    for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += report[key] ?? 0;
  };
  await Promise.all(Object.entries(STEPS).map(([name, step]) => run(name, step)));
  await run("drain", (each) => drainOutbox(each, PER_CALL));
  log.info("cleaned_up", total);
  return total;
}

/** Deletes due objects of the outbox, about as many as `PER_CALL`. The run ends soon after the signal. */
export async function deleteDue(unlimited: CleanupPorts): Promise<DeletionsReply> {
  const ports = { ...unlimited, ...limitServices(unlimited, unlimited.signal) };
  const { deleted = 0, failed = 0 } = await drainOutbox(ports, PER_CALL);
  unlimited.log.info("outbox_drained", { deleted, failed });
  return { deleted, failed };
}

/** Continues files whose next attempt is due. The run ends soon after the signal. */
export async function indexDue(unlimited: CleanupPorts): Promise<IndexingReply> {
  const ports = { ...unlimited, ...limitServices(unlimited, unlimited.signal) };
  const { checked = 0 } = await resumeFiles(ports);
  unlimited.log.info("files_resumed", { checked });
  return { checked };
}

async function runStep(ports: CleanupPorts, name: string, step: Step): Promise<StepReport> {
  try {
    return await step(ports);
  } catch (error) {
    ports.log.error("cleanup_step_failed", { step: name, ...describeError(error) });
    logMisconfiguration(ports.log, error, { step: name });
    return { failed: 1 };
  }
}

async function expireStores({ cleanup }: CleanupPorts): Promise<StepReport> {
  const expired = await cleanup.expireDue(STORES_PER_RUN);
  await cleanup.releaseExpired(STORES_PER_RUN);
  return { expired };
}
