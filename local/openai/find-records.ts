import { notFound } from "./api-error.ts";
import type { ConversationRecord, EmulatorState, ResponseRecord } from "./state.ts";

/** The conversation with this id; throws OpenAI's 404 when there is none or it was deleted. */
export function findConversation(state: EmulatorState, id: string): ConversationRecord {
  const record = state.conversations.get(id);
  if (!record || record.deleted) throw notFound("Conversation", id);
  return record;
}

/** The response with this id; throws OpenAI's 404 when there is none. */
export function findResponse(state: EmulatorState, id: string): ResponseRecord {
  const record = state.responses.get(id);
  if (!record) throw notFound("Response", id);
  return record;
}
