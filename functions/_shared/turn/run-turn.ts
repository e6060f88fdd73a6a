import type { UIMessageChunk } from "ai";
import type OpenAI from "openai";
import type { ChatMessage, MessageMetadata } from "../../types/api.ts";
import { describeError, type Log } from "../_shared/log.ts";
import { buildRequest } from "./build-request.ts";
import { createEventMapper, type EventMapper } from "./map-events.ts";
import type { TurnUsage } from "./map-outcome.ts";
import { openConversation } from "./open-conversation.ts";
import {
  publicErrorText,
  type TurnErrorCode,
  turnErrorCode,
  turnErrorMessages,
} from "./public-errors.ts";
import { readFailure } from "./read-failure.ts";
import { createPartsReducer, type PartsReducer } from "./reduce-parts.ts";
import type { SettledReply, StartedTurn, TurnDatabase } from "./turn-database.ts";

/** What a turn needs of the world. */
export interface TurnPorts {
  db: TurnDatabase;
  openai: OpenAI;
  /** Milliseconds of a monotonic clock. */
  clock: () => number;
  log: Log;
}

/** A turn that `start_turn` has admitted. */
export interface Turn {
  started: StartedTurn;
  message: ChatMessage;
  /** Reading of the clock when the request came. */
  startedAt: number;
}

const HEARTBEAT_MS = 20_000;

/** A reply on its way: what upstream says goes through the mapper to the client and into the stored parts. */
interface Reply {
  mapper: EventMapper;
  stored: PartsReducer;
  emit(chunk: UIMessageChunk): void;
  /** The conversation, once there is one. */
  threadId?: string;
}

/**
 * Generates the reply of a turn and settles it in the database, then tells the client the end. Never rejects:
 * whatever goes wrong, the turn is settled as failed and the client gets a terminal chunk.
 */
export async function runTurn(
  ports: TurnPorts,
  turn: Turn,
  send: (chunk: UIMessageChunk) => void,
): Promise<void> {
  const stored = createPartsReducer(turn.started.assistant_message_id);
  const emit = (chunk: UIMessageChunk) => {
    stored.push(chunk);
    send(chunk);
  };
  const reply: Reply = { mapper: createEventMapper(), stored, emit };
  emit({ type: "start", messageId: turn.started.assistant_message_id });
  try {
    const failure = await generate(ports, turn, reply);
    await (failure
      ? settleFailed(ports, turn, reply, failure)
      : settleDelivered(ports, turn, reply));
  } catch (error) {
    ports.log.error("turn_not_settled", { ...turnFields(turn), ...describeError(error) });
    send({ type: "error", errorText: publicErrorText("internal") });
  }
}

/** Pumps upstream's events into the reply; the code of what went wrong, if anything did. */
async function generate(
  ports: TurnPorts,
  turn: Turn,
  reply: Reply,
): Promise<TurnErrorCode | undefined> {
  const heartbeat = setInterval(() => beat(ports, turn), HEARTBEAT_MS);
  try {
    await pump(ports, turn, reply);
    const { outcome } = reply.mapper;
    if (outcome && outcome.status !== "failed") return undefined;
    ports.log.error("provider_failed", { ...turnFields(turn), provider_code: outcome?.errorCode });
    return turnErrorCode(outcome?.errorCode);
  } catch (error) {
    ports.log.error("provider_failed", { ...turnFields(turn), ...describeError(error) });
    return readFailure(error);
  } finally {
    clearInterval(heartbeat);
    reply.mapper.close().forEach(reply.emit);
  }
}

async function pump(
  { db, openai }: TurnPorts,
  { started, message }: Turn,
  reply: Reply,
): Promise<void> {
  const threadId = await openConversation(openai, started);
  reply.threadId = threadId;
  const events = await openai.responses.create(await buildRequest(started, message, threadId));
  let saved: Promise<unknown> = Promise.resolve();
  for await (const event of events) {
    reply.mapper.push(event).forEach(reply.emit);
    if (event.type === "response.created") {
      saved = db.heartbeat(started.stream_id, { responseId: event.response.id, threadId });
      // Awaited below; until then a rejection is not unhandled.
      saved.catch(() => {});
    }
  }
  await saved;
}

async function beat({ db, log }: TurnPorts, turn: Turn): Promise<void> {
  try {
    await db.heartbeat(turn.started.stream_id);
  } catch (error) {
    log.error("heartbeat_failed", { ...turnFields(turn), ...describeError(error) });
  }
}

async function settleDelivered(ports: TurnPorts, turn: Turn, reply: Reply): Promise<void> {
  const { outcome } = reply.mapper;
  const metadata = readMetadata(ports, turn, reply);
  await ports.db.finish(turn.started.stream_id, "complete", {
    ...toSettled(reply, metadata),
    // The conversation at OpenAI holds this turn only when the response completed.
    thread_id: outcome?.status === "completed" ? reply.threadId : undefined,
  });
  ports.log.info("turn_finished", { ...turnFields(turn), ...metadata.usage });
  reply.emit({ type: "finish", finishReason: outcome?.finishReason, messageMetadata: metadata });
}

async function settleFailed(
  ports: TurnPorts,
  turn: Turn,
  reply: Reply,
  code: TurnErrorCode,
): Promise<void> {
  const metadata: MessageMetadata = { ...readMetadata(ports, turn, reply), status: "failed" };
  await ports.db.fail(turn.started.stream_id, {
    ...toSettled(reply, metadata),
    error: { code, message: turnErrorMessages[code] },
  });
  reply.emit({ type: "message-metadata", messageMetadata: metadata });
  reply.emit({ type: "error", errorText: publicErrorText(code) });
}

function readMetadata(ports: TurnPorts, turn: Turn, { mapper }: Reply): MessageMetadata {
  const usage = mapper.outcome?.usage;
  return {
    model: mapper.model ?? turn.started.model,
    completion_time: Math.round(ports.clock() - turn.startedAt) / 1000,
    ...(usage && { usage: withTotal(usage) }),
  };
}

function withTotal(usage: TurnUsage): NonNullable<MessageMetadata["usage"]> {
  return { ...usage, total_tokens: usage.input_tokens + usage.output_tokens };
}

function toSettled({ mapper, stored }: Reply, metadata: MessageMetadata): SettledReply {
  return {
    content: stored.text,
    parts: stored.parts,
    model: metadata.model,
    response_id: mapper.responseId,
    completion_time: metadata.completion_time ?? 0,
    input_tokens: metadata.usage?.input_tokens,
    cached_input_tokens: metadata.usage?.cached_input_tokens,
    output_tokens: metadata.usage?.output_tokens,
  };
}

function turnFields({ started }: Turn): Record<string, string> {
  return {
    turn_id: started.stream_id,
    session_id: started.session_id,
    profile_id: started.profile_id,
  };
}
