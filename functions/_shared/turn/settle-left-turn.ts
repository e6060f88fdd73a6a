import { describeError } from "../http/log.ts";
import { pause } from "../http/pause.ts";
import { finishLeftTurn, isBetweenSteps } from "./finish-left-turn.ts";
import { lookAtTurn } from "./running-turns.ts";
import type { TurnRow } from "./turn-database.ts";
import type { TurnPorts, TurnRunPorts } from "./turn-ports.ts";

/** The time for the function that runs the turn to settle it: it has all the text that the user has seen. */
const GRACE_MS = 2_000;
const POLL_MS = 100;
/** A function that runs a turn reports its progress every ten seconds. Without a report, nobody runs the turn. */
const REPORTED_MS = 15_000;

/**
 * Settles a turn whose response was stopped or has ended, if the function that runs it has not done so after two
 * seconds: that function may be dead, or wait on a silent connection. Never rejects.
 */
export async function settleLeftTurn(ports: TurnRunPorts, turnId: string): Promise<void> {
  const { openai, log } = ports;
  try {
    lookAtTurn(turnId);
    const row = await waitForEnd(ports, turnId);
    if (row?.status !== "active") return;
    // Its function runs the tools now.
    if (isBetweenSteps(row) && isReported(row) && row.stop_requested_at === null) return;
    // Without an id, OpenAI has not answered the request yet. The function cancels the response when it learns the id.
    const response = row.response_id && await openai.responses.retrieve(row.response_id);
    const ending = await finishLeftTurn(ports, row, response || null);
    log.info("left_turn", { turn_id: turnId, status: ending?.status ?? "still_running" });
  } catch (error) {
    // Recovery settles the turn.
    log.error("left_turn_not_settled", { turn_id: turnId, ...describeError(error) });
  }
}

function isReported({ progressed_at }: TurnRow): boolean {
  return Date.now() - Date.parse(progressed_at) <= REPORTED_MS;
}

/** Returns the turn when it has ended or the grace is over. */
async function waitForEnd({ db }: TurnPorts, turnId: string): Promise<TurnRow | null> {
  const until = Date.now() + GRACE_MS;
  for (;;) {
    const row = await db.findTurn(turnId);
    if (row?.status !== "active" || Date.now() > until) return row;
    if (!isReported(row)) return row;
    await pause(POLL_MS);
  }
}
