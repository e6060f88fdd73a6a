import { APIError } from "openai";
import type { Responses } from "openai/resources/responses/responses";
import { buildRequest } from "./build-request.ts";
import { openConversation } from "./open-conversation.ts";
import { pause, retryOnce } from "./retry-once.ts";
import type { StartedTurn } from "./turn-database.ts";
import type { TurnPorts } from "./turn-ports.ts";

/** The events of a response that upstream has accepted, and the conversation that it is part of. */
export interface BegunResponse {
  events: AsyncIterable<Responses.ResponseStreamEvent>;
  threadId: string;
}

/** How long another response may hold the conversation before a new one is built. */
const LOCK_ATTEMPTS = 10;
const LOCK_PAUSE_MS = 1_000;

/** Sends a turn upstream. A conversation that is lost or stays locked is rebuilt from our messages, in the same request. */
export async function beginResponse(
  ports: TurnPorts,
  turn: StartedTurn,
  options: { search: boolean },
): Promise<BegunResponse> {
  const create = async (threadId: string) => {
    const request = await buildRequest(turn, threadId, options);
    const events = await retryOnce(() => ports.openai.responses.create(request));
    return { events, threadId };
  };
  if (turn.thread_id === null) {
    return await create(await openConversation(ports.openai, turn.session_id, turn.history));
  }
  try {
    return await waitForLock(() => create(turn.thread_id ?? ""));
  } catch (error) {
    if (!isConversationLost(error)) throw error;
    ports.log.info("conversation_rebuilt", {
      session_id: turn.session_id,
      turn_id: turn.stream_id,
    });
    const history = await ports.db.rebuildConversation(turn.stream_id);
    return await create(await openConversation(ports.openai, turn.session_id, history));
  }
}

async function waitForLock<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1;; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (!isLocked(error) || attempt === LOCK_ATTEMPTS) throw error;
      await pause(LOCK_PAUSE_MS);
    }
  }
}

function isLocked(error: unknown): boolean {
  return error instanceof APIError && error.code === "conversation_locked";
}

function isConversationLost(error: unknown): boolean {
  return isLocked(error) ||
    (error instanceof APIError && error.status === 404 && /conversation/i.test(error.message));
}
