import type { LookoutRunReply } from "../../types/api.ts";
import { AppError } from "../_shared/errors.ts";
import { describeError } from "../_shared/log.ts";
import type { StartedTurn } from "../_shared/turn/turn-database.ts";
import type { ChangePorts } from "./change-lookout.ts";
import type { ClaimedRun } from "./lookout-database.ts";
import { describeRefusal, finish, generate, readRefusal, type RunPorts } from "./run-lookout.ts";

/** A run that has begun, and goes on. */
export interface RunNow {
  run: LookoutRunReply;
  /** Resolves when it has ended; never rejects. */
  settled: Promise<void>;
}

/** Runs a lookout beside its schedule. Throws what refuses it, after that is recorded with the run. */
export async function startRunNow(
  ports: ChangePorts & RunPorts,
  authUserId: string,
  lookoutId: string,
): Promise<RunNow> {
  const lookout = await ports.find(lookoutId);
  if (!lookout) throw new AppError("lookout_not_found");
  const { id, cron_schedule, timezone } = lookout;
  const { id: run_id } = await ports.lookouts.runNow(authUserId, id);
  const claimed = { run_id, lookout_id: id, cron_schedule, timezone };
  const started = await begin(ports, claimed);
  const settled = started ? goOn(ports, claimed, started) : Promise.resolve();
  const run = await ports.lookouts.findRun(run_id);
  if (!run) throw new AppError("lookout_not_found");
  return { run, settled };
}

async function begin(ports: RunPorts, run: ClaimedRun): Promise<StartedTurn | null> {
  try {
    return await ports.lookouts.start(run.run_id);
  } catch (error) {
    await finish(ports, run, describeRefusal(readRefusal(error)));
    throw error;
  }
}

/** What goes wrong here is logged, and the lease brings the run back. */
async function goOn(ports: RunPorts, run: ClaimedRun, started: StartedTurn): Promise<void> {
  try {
    await generate(ports, run, started);
  } catch (error) {
    ports.log.error("lookout_run_failed", { run_id: run.run_id, ...describeError(error) });
  }
}
