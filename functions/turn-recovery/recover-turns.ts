import { APIError } from "openai";
import type { Responses } from "openai/resources/responses/responses";
import type { RecoveryReply } from "../../types/api.ts";
import { describeError } from "../_shared/http/log.ts";
import { openReply } from "../_shared/turn/open-reply.ts";
import { responseEvents } from "./response-events.ts";
import { type Ending, readEnding, settleReply } from "../_shared/turn/settle-reply.ts";
import type { StreamRow } from "../_shared/turn/turn-database.ts";
import type { TurnPorts } from "../_shared/turn/turn-ports.ts";

/** Most turns of one run; what is left waits for the next minute. */
const LIMIT = 50;
/** A response that takes longer is cancelled. */
const LONGEST_MS = 15 * 60_000;

type Recovered = Exclude<keyof RecoveryReply, "checked">;

/** Settles turns whose pump has been silent, by what upstream says of their responses. */
export async function recoverTurns(ports: TurnPorts): Promise<RecoveryReply> {
  const report: RecoveryReply = {
    checked: 0,
    complete: 0,
    stopped: 0,
    failed: 0,
    still_running: 0,
    errors: 0,
  };
  for (const stream of await ports.db.claimStale(LIMIT)) {
    const recovered = await recoverSafely(ports, stream);
    report.checked += 1;
    report[recovered] += 1;
    ports.log.info("turn_recovered", { turn_id: stream.id, recovered });
  }
  return report;
}

async function recoverSafely(ports: TurnPorts, stream: StreamRow): Promise<Recovered> {
  try {
    return await recover(ports, stream);
  } catch (error) {
    ports.log.error("turn_not_recovered", { turn_id: stream.id, ...describeError(error) });
    return "errors";
  }
}

async function recover(ports: TurnPorts, stream: StreamRow): Promise<Recovered> {
  const response = await findResponse(ports, stream);
  if (response && isRunning(response)) {
    const isTooOld = Date.now() - Date.parse(stream.created_at) > LONGEST_MS;
    if (!isTooOld && !stream.stop_requested_at) return "still_running";
    return await settle(ports, stream, await ports.openai.responses.cancel(response.id));
  }
  return await settle(ports, stream, response);
}

function isRunning({ status }: Responses.Response): boolean {
  return status === "in_progress" || status === "queued";
}

/** Null when the turn never reached upstream, or upstream does not know it any more. */
async function findResponse(
  { openai }: TurnPorts,
  { response_id }: StreamRow,
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
  stream: StreamRow,
  response: Responses.Response | null,
): Promise<"complete" | "stopped" | "failed"> {
  const reply = await openReply(db, stream, () => {});
  for (const event of response ? responseEvents(response) : []) {
    reply.mapper.push(event).forEach(reply.emit);
  }
  reply.mapper.close().forEach(reply.emit);
  const ending = readEnd(reply.mapper.outcome, stream, response);
  await settleReply(db, stream.id, reply, ending);
  return ending.status;
}

function readEnd(
  outcome: Parameters<typeof readEnding>[0] | undefined,
  stream: StreamRow,
  response: Responses.Response | null,
): Ending {
  if (outcome) return readEnding(outcome, response?.conversation?.id);
  const isStopped = response?.status === "cancelled" && stream.stop_requested_at !== null;
  return isStopped ? { status: "stopped" } : { status: "failed", code: "provider_error" };
}
