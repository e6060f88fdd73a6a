import type OpenAI from "openai";
import { retryOnce } from "../../openai/retry-once.ts";
import type { History } from "../turn-database.ts";

/**
 * The most items that OpenAI accepts in one call.
 * Source: https://developers.openai.com/api/reference/resources/conversations
 */
const ITEMS_PER_CALL = 20;

/** Creates a conversation with the messages so far. Returns its id. */
export async function openConversation(
  openai: OpenAI,
  sessionId: string,
  history: History,
): Promise<string> {
  const items = history.map(({ sender, content }) => ({
    type: "message" as const,
    role: sender,
    content,
  }));
  const conversation = await retryOnce(() =>
    openai.conversations.create({
      items: items.slice(0, ITEMS_PER_CALL),
      metadata: { session_id: sessionId },
    })
  );
  for (let start = ITEMS_PER_CALL; start < items.length; start += ITEMS_PER_CALL) {
    const next = items.slice(start, start + ITEMS_PER_CALL);
    await retryOnce(() => openai.conversations.items.create(conversation.id, { items: next }));
  }
  return conversation.id;
}
