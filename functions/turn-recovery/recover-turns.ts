import { APIError } from "openai";
import type { Responses } from "openai/resources/responses/responses";
import type { RecoveryReply } from "../../types/api.ts";
import { describeError } from "../_shared/http/log.ts";
import { openReply } from "../_shared/turn/open-reply.ts";
import { responseEvents } from "./response-events.ts";
import { type Ending, readEnding, settleReply } from "../_shared/turn/settle-reply.ts";
import type { TurnRow } from "../_shared/turn/turn-database.ts";
import type { TurnPorts } from "../_shared/turn/turn-ports.ts";

/** The most turns of one run. The next run, a minute later, claims the rest. */
const LIMIT = 50;
/** Recovery cancels a response that has run for longer than this. */
const LONGEST_MS = 15 * 60_000;

type Recovered = Exclude<keyof RecoveryReply, "checked">;

/** Settles turns that no longer send heartbeats, from the state of their responses at OpenAI. */
export async function recoverTurns(ports: TurnPorts): Promise<RecoveryReply> {
  const report: RecoveryReply = {
    checked: 0,
    complete: 0,
    stopped: 0,
    failed: 0,
    still_running: 0,
    errors: 0,
  };
  for (const turn of await ports.db.claimStale(LIMIT)) {
    const recovered = await recoverSafely(ports, turn);
    report.checked += 1;
    report[recovered] += 1;
    ports.log.info("turn_recovered", { turn_id: turn.id, recovered });
  }
  return report;
}

async function recoverSafely(ports: TurnPorts, turn: TurnRow): Promise<Recovered> {
  try {
    return await recover(ports, turn);
  } catch (error) {
    ports.log.error("turn_not_recovered", { turn_id: turn.id, ...describeError(error) });
    return "errors";
  }
}

async function recover(ports: TurnPorts, turn: TurnRow): Promise<Recovered> {
  const response = await findResponse(ports, turn);
  if (response && isRunning(response)) {
    const isTooOld = Date.now() - Date.parse(turn.created_at) > LONGEST_MS;
    if (!isTooOld && !turn.stop_requested_at) return "still_running";
    return await settle(ports, turn, await ports.openai.responses.cancel(response.id));
  }
  return await settle(ports, turn, response);
}

function isRunning({ status }: Responses.Response): boolean {
  return status === "in_progress" || status === "queued";
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
    if (error instanceof APIError && error.status === 404) return null;
    throw error;
  }
}

async function settle(
  { db }: TurnPorts,
  turn: TurnRow,
  response: Responses.Response | null,
): Promise<"complete" | "stopped" | "failed"> {
  const reply = await openReply(db, turn, () => {});
  for (const event of response ? responseEvents(response) : []) {
    reply.mapper.push(event).forEach(reply.emit);
  }
  reply.mapper.close().forEach(reply.emit);
  const ending = readEnd(reply.mapper.outcome, turn, response);
  await settleReply(db, turn.id, reply, ending);
  return ending.status;
}

function readEnd(
  outcome: Parameters<typeof readEnding>[0] | undefined,
  turn: TurnRow,
  response: Responses.Response | null,
): Ending {
  if (outcome) return readEnding(outcome, response?.conversation?.id);
  const isStopped = response?.status === "cancelled" && turn.stop_requested_at !== null;
  return isStopped ? { status: "stopped" } : { status: "failed", code: "provider_error" };
}
