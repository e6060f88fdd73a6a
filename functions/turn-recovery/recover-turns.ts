import type { Responses } from "openai/resources/responses/responses";
import type { RecoveryReply } from "../../types/api.ts";
import { describeError } from "../_shared/http/log.ts";
import { isGone } from "../_shared/openai/store-lost.ts";
import { mapAtOnce } from "../_shared/session-files/map-at-once.ts";
import { isRunning } from "../_shared/turn/follow-response.ts";
import { finishLeftTurn } from "../_shared/turn/finish-left-turn.ts";
import type { TurnRow } from "../_shared/turn/turn-database.ts";
import type { TurnPorts, TurnRunPorts } from "../_shared/turn/turn-ports.ts";
import { isTooOld } from "../_shared/turn/turn-run.ts";

/**
 * The most turns of one call. The schedule's `per_call` in the database is the same number. Each turn logs a line, and
 * a hosted function may log 100 in 10 seconds: https://supabase.com/docs/guides/functions/limits
 */
const LIMIT = 50;
/** Turns that are asked for at OpenAI at the same time. */
const AT_ONCE = 10;

type Recovered = Exclude<keyof RecoveryReply, "checked">;

/** Settles turns that have made no progress for a minute, from the state of their responses at OpenAI. */
export async function recoverTurns(ports: TurnRunPorts): Promise<RecoveryReply> {
  const report: RecoveryReply = {
    checked: 0,
    complete: 0,
    waiting: 0,
    stopped: 0,
    failed: 0,
    still_running: 0,
    errors: 0,
  };
  await mapAtOnce(await ports.db.claimStale(LIMIT), AT_ONCE, async (turn) => {
    const recovered = await recoverSafely(ports, turn);
    report.checked += 1;
    report[recovered] += 1;
    ports.log.info("turn_recovered", { turn_id: turn.id, recovered });
  });
  return report;
}

async function recoverSafely(ports: TurnRunPorts, turn: TurnRow): Promise<Recovered> {
  try {
    return await recover(ports, turn);
  } catch (error) {
    ports.log.error("turn_not_recovered", { turn_id: turn.id, ...describeError(error) });
    return "errors";
  }
}

async function recover(ports: TurnRunPorts, turn: TurnRow): Promise<Recovered> {
  const response = await findResponse(ports, turn);
  const isUnwanted = isTooOld(new Date(turn.step_started_at)) || turn.stop_requested_at !== null;
  const latest = response && isRunning(response) && isUnwanted
    ? await ports.openai.responses.cancel(response.id)
    : response;
  return (await finishLeftTurn(ports, turn, latest))?.status ?? "still_running";
}

/** Returns the response of a turn; null when the turn never reached OpenAI or OpenAI has deleted the response. */
async function findResponse(
  { openai }: TurnPorts,
  { response_id }: TurnRow,
): Promise<Responses.Response | null> {
  if (!response_id) return null;
  try {
    return await openai.responses.retrieve(response_id);
  } catch (error) {
    if (isGone(error)) return null;
    throw error;
  }
}
