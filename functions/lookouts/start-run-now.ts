import type { LookoutRunReply } from "../../types/api.ts";
import { AppError } from "../_shared/http/errors.ts";
import { describeError } from "../_shared/http/log.ts";
import { NOBODY, runTurn } from "../_shared/turn/run-turn.ts";
import type { StartedTurn } from "../_shared/turn/turn-database.ts";
import type { ChangePorts } from "./change-lookout.ts";
import type { ClaimedRun } from "./lookout-database.ts";
import { describeRefusal, nextRunOrNull, readRefusal, type RunPorts, settle } from "./start-run.ts";

/** A run that a user asked for. It continues after the response. */
export interface RunNow {
  /** Resolves with the run once it has begun. Rejects with its refusal, after storing the refusal with the run. */
  run: Promise<LookoutRunReply>;
  /** Resolves when the reply is written, also if `run` rejects. Never rejects. */
  settled: Promise<void>;
}

/** Runs a lookout now, beside its schedule. Reads the reply to its end, because the user waits for it. */
export function startRunNow(
  ports: ChangePorts & RunPorts,
  authUserId: string,
  lookoutId: string,
): RunNow {
  const begun = claimAndBegin(ports, authUserId, lookoutId);
  return {
    run: begun.then(({ runId }) => readRun(ports, runId)),
    settled: begun.then(({ runId, started }) => goOn(ports, runId, started), () => {}),
  };
}

async function claimAndBegin(
  ports: ChangePorts & RunPorts,
  authUserId: string,
  lookoutId: string,
): Promise<{ runId: string; started: StartedTurn | null }> {
  const lookout = await ports.find(lookoutId);
  if (!lookout) throw new AppError("lookout_not_found");
  const { id: lookout_id, cron_schedule, timezone } = lookout;
  const { id: run_id, scheduled_at } = await ports.lookouts.runNow(authUserId, lookout_id);
  const claimed = { run_id, lookout_id, scheduled_at, cron_schedule, timezone };
  return { runId: run_id, started: await begin(ports, claimed) };
}

async function readRun({ lookouts }: RunPorts, runId: string): Promise<LookoutRunReply> {
  const run = await lookouts.findRun(runId);
  if (!run) throw new AppError("lookout_not_found");
  return run;
}

async function begin(ports: RunPorts, run: ClaimedRun): Promise<StartedTurn | null> {
  try {
    return await ports.lookouts.start(run.run_id, nextRunOrNull(run, ports.now()));
  } catch (error) {
    await settle(ports, run, describeRefusal(readRefusal(error)));
    throw error;
  }
}

/** Generates the reply. Recovery settles the turn after an error, which is logged. */
async function goOn(ports: RunPorts, run_id: string, started: StartedTurn | null): Promise<void> {
  if (!started) return;
  try {
    await runTurn(ports, started, NOBODY);
  } catch (error) {
    ports.log.error("lookout_run_failed", { run_id, ...describeError(error) });
  }
}
