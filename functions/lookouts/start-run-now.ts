import type { LookoutRunReply } from "../../types/api.ts";
import { AppError } from "../_shared/http/errors.ts";
import { describeError } from "../_shared/http/log.ts";
import type { StartedTurn } from "../_shared/turn/turn-database.ts";
import type { ChangePorts } from "./change-lookout.ts";
import type { ClaimedRun } from "./lookout-database.ts";
import { describeRefusal, generate, readRefusal, type RunPorts, settle } from "./run-lookout.ts";

/** A run that a user asked for. It continues after the response. */
export interface RunNow {
  /** Resolves with the run once it has begun. Rejects with its refusal, after storing the refusal with the run. */
  run: Promise<LookoutRunReply>;
  /** Resolves when the run has ended, also if `run` rejects. Never rejects. */
  settled: Promise<void>;
}

/** Runs a lookout now, beside its schedule. */
export function startRunNow(
  ports: ChangePorts & RunPorts,
  authUserId: string,
  lookoutId: string,
): RunNow {
  const begun = claimAndBegin(ports, authUserId, lookoutId);
  return {
    run: begun.then(({ claimed }) => readRun(ports, claimed)),
    settled: begun.then(({ claimed, started }) => goOn(ports, claimed, started), () => {}),
  };
}

async function claimAndBegin(
  ports: ChangePorts & RunPorts,
  authUserId: string,
  lookoutId: string,
): Promise<{ claimed: ClaimedRun; started: StartedTurn | null }> {
  const lookout = await ports.find(lookoutId);
  if (!lookout) throw new AppError("lookout_not_found");
  const { id: lookout_id, cron_schedule, timezone } = lookout;
  const { id: run_id, scheduled_at } = await ports.lookouts.runNow(authUserId, lookout_id);
  const claimed = { run_id, lookout_id, scheduled_at, cron_schedule, timezone };
  return { claimed, started: await begin(ports, claimed) };
}

async function readRun({ lookouts }: RunPorts, { run_id }: ClaimedRun): Promise<LookoutRunReply> {
  const run = await lookouts.findRun(run_id);
  if (!run) throw new AppError("lookout_not_found");
  return run;
}

async function begin(ports: RunPorts, run: ClaimedRun): Promise<StartedTurn | null> {
  try {
    return await ports.lookouts.start(run.run_id);
  } catch (error) {
    await settle(ports, run, describeRefusal(readRefusal(error)));
    throw error;
  }
}

/** Generates the reply. An error is logged, and another call claims the run after its lease. */
async function goOn(
  ports: RunPorts,
  run: ClaimedRun,
  started: StartedTurn | null,
): Promise<void> {
  if (!started) return;
  try {
    await generate(ports, run, started);
  } catch (error) {
    ports.log.error("lookout_run_failed", { run_id: run.run_id, ...describeError(error) });
  }
}
