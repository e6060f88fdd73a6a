import { AppError } from "../_shared/http/errors.ts";
import { describeError } from "../_shared/http/log.ts";
import { runTurn } from "../_shared/turn/run-turn.ts";
import type { StartedTurn } from "../_shared/turn/turn-database.ts";
import type { TurnRunPorts } from "../_shared/turn/turn-ports.ts";
import type { ClaimedRun, LookoutDatabase, RunOutcome } from "./lookout-database.ts";
import { nextRun } from "./next-run.ts";

/** What executing a run needs of the world. */
export interface RunPorts extends TurnRunPorts {
  lookouts: LookoutDatabase;
  now(): Date;
}

/** How a run ended; `waiting` is claimed again later, `gone` was deleted with its lookout. */
export type RunEnd = "complete" | "failed" | "skipped" | "waiting" | "gone";

/** Nobody listens to the turn of a lookout: what comes of it is in the database. */
const NOBODY = { accept() {}, refuse() {}, send() {} };

/**
 * Executes a claimed run: begins its turn unless that has begun before, and records how it ended. Rejects when the
 * database does not answer; then the lease brings the run back.
 */
async function runLookout(ports: RunPorts, run: ClaimedRun): Promise<RunEnd> {
  try {
    const started = await ports.lookouts.start(run.run_id);
    if (started) return await generate(ports, run, started);
    return await settle(ports, run);
  } catch (error) {
    const refusal = readRefusal(error);
    if (await isToWait(ports, run, refusal)) return "waiting";
    return await settle(ports, run, describeRefusal(refusal));
  }
}

/** Generates the reply of a run that `start` has begun, and records its end. */
export async function generate(
  ports: RunPorts,
  run: ClaimedRun,
  started: StartedTurn,
): Promise<RunEnd> {
  await runTurn(ports, { started, search: true }, NOBODY);
  return await settle(ports, run);
}

/** Records the end of a run: that of its turn, or the outcome given; and when its lookout runs next. */
export async function settle(
  { lookouts, log, now }: RunPorts,
  run: ClaimedRun,
  outcome?: RunOutcome,
): Promise<RunEnd> {
  const ended = await lookouts.settle(run.run_id, nextRunOrNull(run, now()), outcome);
  const end = readEnd(ended?.status);
  log.info("lookout_run", { lookout_id: run.lookout_id, run_id: run.run_id, end });
  return end;
}

/** The refusal of a rule of ours; all else is rethrown. */
export function readRefusal(error: unknown): AppError {
  if (error instanceof AppError && error.code !== "internal") return error;
  throw error;
}

/** What a run is recorded with when it was refused. */
export function describeRefusal({ status, code, message }: AppError): RunOutcome {
  return { status: status >= 500 ? "failed" : "skipped", code, message };
}

/** Too many turns in this minute is no reason to miss a run. */
async function isToWait(
  { lookouts }: RunPorts,
  { run_id }: ClaimedRun,
  { code, details }: AppError,
): Promise<boolean> {
  const until = details?.reset_at;
  return code === "rate_limited" && typeof until === "string" &&
    await lookouts.defer(run_id, until);
}

/**
 * The first time after this run, whose time may be ahead of this clock: the database's says what is due. Null for a date
 * that has passed, and for what the runtime does not understand any more: then the lookout pauses.
 */
function nextRunOrNull(run: ClaimedRun, now: Date): Date | null {
  try {
    return nextRun(run, new Date(Math.max(now.getTime(), Date.parse(run.scheduled_at))));
  } catch {
    return null;
  }
}

function readEnd(status: string | undefined): RunEnd {
  switch (status) {
    case "complete":
    case "failed":
    case "skipped":
      return status;
    case undefined:
      return "gone";
    default:
      return "waiting";
  }
}

/** As `runLookout`; what it rejects with is logged, and hinders no other run. */
export async function runLookoutSafely(ports: RunPorts, run: ClaimedRun): Promise<RunEnd> {
  try {
    return await runLookout(ports, run);
  } catch (error) {
    ports.log.error("lookout_run_failed", { run_id: run.run_id, ...describeError(error) });
    return "waiting";
  }
}
