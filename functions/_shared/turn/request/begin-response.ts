import { APIError } from "openai";
import type { Responses } from "openai/resources/responses/responses";
import { isStoreLost } from "../../openai/store-lost.ts";
import { describeError } from "../../http/log.ts";
import { buildRequest } from "./build-request.ts";
import { openConversation } from "./open-conversation.ts";
import { pause, retryOnce } from "../../openai/retry-once.ts";
import type { History, StartedTurn } from "../turn-database.ts";
import type { TurnRunPorts } from "../turn-ports.ts";
import type { TurnSources } from "./turn-sources.ts";

/** The events of an accepted response, and its conversation. */
export interface BegunResponse {
  events: AsyncIterable<Responses.ResponseStreamEvent>;
  threadId: string;
}

/** The number of attempts while another response locks the conversation, before a new one is built. */
const LOCK_ATTEMPTS = 10;
const LOCK_PAUSE_MS = 1_000;

/**
 * Sends a turn to OpenAI. First rebuilds a conversation that is lost or stays locked from the stored messages, and a
 * lost vector store from the stored files. Throws OpenAI's error when it refuses the turn.
 */
export async function beginResponse(
  ports: TurnRunPorts,
  turn: StartedTurn,
  options: { search: boolean; sources: TurnSources },
): Promise<BegunResponse> {
  const create = async (threadId: string) => ({
    events: await createResponse(ports, turn, threadId, options),
    threadId,
  });
  const createAnew = async (history: History) => {
    const threadId = await openConversation(ports.openai, turn.session_id, history);
    const saving = saveThread(ports, turn, threadId);
    return await create(threadId).finally(() => saving);
  };
  if (turn.thread_id === null) return await createAnew(turn.history);
  try {
    return await waitForLock(() => create(turn.thread_id ?? ""));
  } catch (error) {
    if (!isConversationLost(error)) throw error;
    ports.log.info("conversation_rebuilt", {
      session_id: turn.session_id,
      turn_id: turn.turn_id,
    });
    return await createAnew(await ports.db.rebuildConversation(turn.turn_id));
  }
}

/** Begins a response of a turn and returns its events. Builds the vector store again if OpenAI has lost it. */
export async function createResponse(
  { openai }: TurnRunPorts,
  turn: StartedTurn,
  threadId: string,
  { search, sources }: { search: boolean; sources: TurnSources },
): Promise<BegunResponse["events"]> {
  const create = async () => {
    const request = await buildRequest(turn, threadId, { search, storeIds: sources.storeIds });
    return await retryOnce(() => openai.responses.create(request));
  };
  try {
    return await create();
  } catch (error) {
    if (!isStoreLost(error) || !await sources.renew()) throw error;
    return await create();
  }
}

/** Stores the id of a new conversation at once, so that it is used or deleted whatever happens to the turn. */
async function saveThread(
  { db, log }: TurnRunPorts,
  { turn_id }: StartedTurn,
  threadId: string,
): Promise<void> {
  try {
    await db.heartbeat(turn_id, { threadId });
  } catch (error) {
    log.error("conversation_not_saved", { turn_id: turn_id, ...describeError(error) });
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
