import { describeError } from "../_shared/http/log.ts";
import type { StopTarget } from "../_shared/turn/turn-database.ts";
import type { TurnPorts } from "../_shared/turn/turn-ports.ts";

/**
 * Stops what runs in a session, from whatever device: marks the turn, and cancels at OpenAI if it has an id; else its
 * pump does as soon as there is one. Null when nothing runs.
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
    // The mark stays: the next heartbeat of the pump, or recovery, cancels again.
    log.error("cancel_failed", { turn_id: target.turn_id, ...describeError(error) });
  }
  return target;
}
