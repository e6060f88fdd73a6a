import { AppError } from "../_shared/http/errors.ts";
import { describeError } from "../_shared/http/log.ts";
import { beginTurn } from "../_shared/turn/run-turn.ts";
import type { StartedTurn } from "../_shared/turn/turn-database.ts";
import type { TurnRunPorts } from "../_shared/turn/turn-ports.ts";
import type { ClaimedRun, LookoutDatabase, RunOutcome } from "./lookout-database.ts";
import { nextRun } from "./next-run.ts";

/** The services and database calls that starting a run needs. */
export interface RunPorts extends TurnRunPorts {
  lookouts: LookoutDatabase;
  now(): Date;
}

/**
 * What became of a claimed run. A `started` run ends with its turn, whoever settles it. A `waiting` run is claimed
 * again later. A run that is `gone` has ended or was deleted with its lookout.
 */
export type RunStart = "started" | "failed" | "skipped" | "waiting" | "gone";

/**
 * Starts a claimed run: charges it, sends its request to OpenAI, and leaves. Never rejects: after an error, which is
 * logged, another call claims the run when its lease is over.
 */
export async function startRun(ports: RunPorts, run: ClaimedRun): Promise<RunStart> {
  const { log } = ports;
  const ids = { lookout_id: run.lookout_id, run_id: run.run_id };
  try {
    const started = await openRun(ports, run);
    const end = typeof started === "string" ? started : await leave(ports, started);
    log.info("lookout_run", { ...ids, end });
    return end;
  } catch (error) {
    log.error("lookout_run_failed", { ...ids, ...describeError(error) });
    return "waiting";
  }
}

/** Charges a run and creates its chat. A refusal is recorded as the run's end. */
async function openRun(ports: RunPorts, run: ClaimedRun): Promise<StartedTurn | RunStart> {
  try {
    return await ports.lookouts.start(run.run_id, nextRunOrNull(run, ports.now())) ??
      await settle(ports, run);
  } catch (error) {
    const refusal = readRefusal(error);
    if (await isToWait(ports, run, refusal)) return "waiting";
    return await settle(ports, run, describeRefusal(refusal));
  }
}

/** Sends the request of a run. OpenAI writes the reply in the background. */
async function leave(ports: RunPorts, started: StartedTurn): Promise<RunStart> {
  return await beginTurn(ports, started) ? "started" : "failed";
}

/** Records the end of a run, from its turn or from `outcome`, and the next run of its lookout. */
export async function settle(
  { lookouts, now }: RunPorts,
  run: ClaimedRun,
  outcome?: RunOutcome,
): Promise<RunStart> {
  const ended = await lookouts.settle(run.run_id, nextRunOrNull(run, now()), outcome);
  return readEnd(ended?.status);
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
export function nextRunOrNull(run: ClaimedRun, now: Date): Date | null {
  try {
    return nextRun(run, new Date(Math.max(now.getTime(), Date.parse(run.scheduled_at))));
  } catch {
    return null;
  }
}

function readEnd(status: string | undefined): RunStart {
  switch (status) {
    case "failed":
    case "skipped":
      return status;
    case "running":
      return "waiting";
    default:
      return "gone";
  }
}
