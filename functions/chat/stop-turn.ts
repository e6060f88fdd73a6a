import { describeError } from "../_shared/http/log.ts";
import type { StopTarget } from "../_shared/turn/turn-database.ts";
import type { TurnPorts } from "../_shared/turn/turn-ports.ts";

/**
 * Stops the running turn of a session, from any device. Marks the turn and cancels its response at OpenAI. If the
 * response has no id yet, the function that runs the turn cancels it later. Returns null when nothing runs.
 */
export async function stopTurn(
  { db, openai, log }: TurnPorts,
  userId: string,
  sessionId: string,
): Promise<StopTarget | null> {
  const target = await db.requestStop(userId, sessionId);
  if (!target || target.response_id === null) return target;
  try {
    await openai.responses.cancel(target.response_id);
  } catch (error) {
    // The turn stays marked, so its function or recovery cancels the response again.
    log.error("cancel_failed", { turn_id: target.turn_id, ...describeError(error) });
  }
  return target;
}
