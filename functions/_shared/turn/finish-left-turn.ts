import type { Responses } from "openai/resources/responses/responses";
import { isRunning } from "./follow-response.ts";
import { openTurn } from "./open-turn.ts";
import { continueTurn } from "./run-turn.ts";
import type { Ending } from "./settle-reply.ts";
import type { TurnRow } from "./turn-database.ts";
import type { TurnRunPorts } from "./turn-ports.ts";

/**
 * Goes on with a turn that nobody runs, from its stored response; null: OpenAI has none, or the turn is between two
 * responses. Settles the turn, or runs the calls of its tools and sends the next request. Returns how the turn ended;
 * null while it goes on. Rejects when the database does not respond.
 */
export async function finishLeftTurn(
  ports: TurnRunPorts,
  row: TurnRow,
  response: Responses.Response | null,
): Promise<Ending | null> {
  if (response && isRunning(response)) return null;
  const { db } = ports;
  const opened = await openTurn(ports, row);
  const { run } = opened;
  if (response) run.fold(response);
  const isBetween = isBetweenSteps(row);
  if (!isBetween && !run.callsTools) return await run.settle();
  if (row.stop_requested_at !== null) return await run.end({ status: "stopped" });
  if (!isBetween && !await run.storeStep()) return null;
  const step = await db.describeStep(row.id);
  if (!step) return null;
  // All calls have ended, so their outputs may have been sent before the function died.
  const isUncertain = isBetween && step.calls.every(({ finished_at }) => finished_at !== null);
  return await continueTurn(ports, step, opened, isUncertain);
}

/** Returns true while the tools of a turn run, before its next request is sent. */
export function isBetweenSteps({ steps, response_id }: TurnRow): boolean {
  return steps > 0 && response_id === null;
}
