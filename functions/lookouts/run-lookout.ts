import { AppError } from "../_shared/http/errors.ts";
import { describeError } from "../_shared/http/log.ts";
import { runTurn } from "../_shared/turn/run-turn.ts";
import type { StartedTurn } from "../_shared/turn/turn-database.ts";
import type { TurnRunPorts } from "../_shared/turn/turn-ports.ts";
import type { ClaimedRun, LookoutDatabase, RunOutcome } from "./lookout-database.ts";
import { nextRun } from "./next-run.ts";

/** The services and database calls that executing a run needs. */
export interface RunPorts extends TurnRunPorts {
  lookouts: LookoutDatabase;
  now(): Date;
}

/** How a run ended. A `waiting` run is claimed again later; a run that is `gone` was deleted with its lookout. */
export type RunEnd = "complete" | "failed" | "skipped" | "waiting" | "gone";

/** A client that ignores everything. The reply of a lookout is only stored, and no client reads its stream. */
const NOBODY = { accept() {}, refuse() {}, send() {}, close() {} };

/**
 * Executes a claimed run: begins its turn, unless the turn has already begun, and records how it ended. Rejects when
 * the database does not respond; another call claims the run after its lease.
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

/** Generates the reply of a run whose turn has begun, and records its end. */
export async function generate(
  ports: RunPorts,
  run: ClaimedRun,
  started: StartedTurn,
): Promise<RunEnd> {
  await runTurn(ports, { started, search: true }, NOBODY);
  return await settle(ports, run);
}

/** Records the end of a run, from its turn or from `outcome`, and the next run of its lookout. */
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

/** Returns an error of Parley's own rules. Throws any other error again. */
export function readRefusal(error: unknown): AppError {
  if (error instanceof AppError && error.code !== "internal") return error;
  throw error;
}

/** Returns the outcome of a run that was refused. */
export function describeRefusal({ status, code, message }: AppError): RunOutcome {
  return { status: status >= 500 ? "failed" : "skipped", code, message };
}

/** Lets a run wait when the user has started too many turns in this minute. Returns false for other refusals. */
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
 * Returns the first run after this one. This run may be in the future for this clock, because the database's clock
 * decides what is due. Returns null, which pauses the lookout, for a date in the past and for a schedule that the
 * runtime no longer understands.
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

/** Executes a run as `runLookout` does. Never rejects: an error is logged and does not affect other runs. */
export async function runLookoutSafely(ports: RunPorts, run: ClaimedRun): Promise<RunEnd> {
  try {
    return await runLookout(ports, run);
  } catch (error) {
    ports.log.error("lookout_run_failed", { run_id: run.run_id, ...describeError(error) });
    return "waiting";
  }
}
