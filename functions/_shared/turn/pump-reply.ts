import type { Responses } from "openai/resources/responses/responses";
import { describeError } from "../http/log.ts";
import { followResponse, LostResponseError } from "./follow-response.ts";
import { readUsage, type TurnUsage } from "./events/map-outcome.ts";
import { publicErrorText } from "../openai/public-errors.ts";
import type { Reply } from "./reply.ts";
import { type Ending, endingChunks, readEnding, settleReply } from "./settle-reply.ts";
import type { MessageRow } from "./turn-database.ts";
import type { TurnPorts } from "./turn-ports.ts";
import type { TurnWatch } from "./watch-turn.ts";

/** A reply whose events this function reads. It has begun the reply or joined it later. */
export interface RunningReply {
  turnId: string;
  /** The profile that its tokens are booked on. */
  profileId: string;
  reply: Reply;
  watch: TurnWatch;
  events: AsyncIterable<Responses.ResponseStreamEvent>;
  threadId?: string;
}

/**
 * Follows a reply to its end, settles the turn and sends the end to the client. Returns the stored row; null when the
 * session was deleted or the end is unknown. Never rejects.
 */
export async function pumpReply(
  ports: TurnPorts,
  running: RunningReply,
  push: (event: Responses.ResponseStreamEvent) => void,
): Promise<MessageRow | null> {
  const { turnId, reply, watch } = running;
  try {
    const cancelled = await followResponse(ports.openai, reply.mapper, running.events, push);
    const ending = await readEnd(running, cancelled);
    reply.mapper.close().forEach(reply.emit);
    const usage = cancelled ? readUsage(cancelled) : reply.mapper.outcome?.usage;
    if (ending.status !== "complete") await watch.save();
    const row = await settleReply(ports.db, turnId, reply, ending, usage);
    if (!row) await bookLost(ports, running, usage);
    ports.log.info("turn_settled", {
      turn_id: turnId,
      status: row?.status ?? "session_deleted",
      ...usage,
    });
    endingChunks(row, ending.status === "complete" ? ending.finishReason : undefined).forEach(
      reply.emit,
    );
    return row;
  } catch (error) {
    ports.log.error("turn_not_settled", {
      turn_id: turnId,
      gone: watch.isGone,
      ...describeError(error),
    });
    reply.mapper.close().forEach(reply.emit);
    const code = error instanceof LostResponseError ? "still_generating" : "internal";
    reply.emit({ type: "error", errorText: publicErrorText(code) });
    return null;
  }
}

async function readEnd(
  { reply, watch, threadId }: RunningReply,
  cancelled: Responses.Response | null,
): Promise<Ending> {
  if (cancelled) {
    const isStopped = await watch.isStopRequested() || watch.isGone;
    return isStopped ? { status: "stopped" } : { status: "failed", code: "provider_error" };
  }
  const { outcome } = reply.mapper;
  if (!outcome) throw new LostResponseError("the response has no outcome");
  return readEnding(outcome, threadId);
}

/**
 * Books the tokens of a reply whose session was deleted meanwhile. Without a count of OpenAI, estimates the output at
 * four characters a token. Never rejects.
 */
async function bookLost(
  { db, log }: TurnPorts,
  { turnId, profileId, reply: { mapper, stored } }: RunningReply,
  usage: TurnUsage | undefined,
): Promise<void> {
  const estimated = {
    input_tokens: 0,
    cached_input_tokens: 0,
    output_tokens: Math.ceil(stored.text.length / 4),
  };
  try {
    await db.bookLost(profileId, mapper.model ?? "unknown", usage ?? estimated);
  } catch (error) {
    log.error("usage_not_booked", { turn_id: turnId, ...describeError(error) });
  }
}
