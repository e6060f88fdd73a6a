import type OpenAI from "openai";
import type { StartedTurn } from "./turn-database.ts";

/** Most items that the API takes in one call. Source: https://developers.openai.com/api/reference/resources/conversations */
const ITEMS_PER_CALL = 20;

/** The conversation of a session: the one it has, or a new one that holds what was said so far. */
export async function openConversation(openai: OpenAI, turn: StartedTurn): Promise<string> {
  if (turn.thread_id !== null) return turn.thread_id;
  const items = turn.history.map(({ sender, content }) => ({
    type: "message" as const,
    role: sender,
    content,
  }));
  const conversation = await openai.conversations.create({
    items: items.slice(0, ITEMS_PER_CALL),
    metadata: { session_id: turn.session_id },
  });
  for (let start = ITEMS_PER_CALL; start < items.length; start += ITEMS_PER_CALL) {
    await openai.conversations.items.create(conversation.id, {
      items: items.slice(start, start + ITEMS_PER_CALL),
    });
  }
  return conversation.id;
}
