// What the functions and the client package read from a row of `chat_messages` in the same way. Without zod, because
// the client runs it.
import type { MessageMetadata } from "./client-results.ts";
import type { Database } from "./database.ts";

type MessageRow = Database["public"]["Tables"]["chat_messages"]["Row"];

/** A `UIMessage` without its parts. */
export interface MessageFacts {
  id: string;
  role: "user" | "assistant" | "system";
  metadata?: MessageMetadata;
}

/** Returns what a row says about its message besides the parts. */
export function messageFacts(row: MessageRow): MessageFacts {
  const { id, client_id, sender } = row;
  return {
    id: client_id ?? id,
    // The SDK has no role for tools: their messages belong to the assistant.
    role: sender === "user" || sender === "system" ? sender : "assistant",
    ...(sender !== "user" && { metadata: readMetadata(row) }),
  };
}

function readMetadata(row: MessageRow): MessageMetadata {
  const { model, completion_time, status } = row;
  const { input_tokens, cached_input_tokens, output_tokens, total_tokens } = row;
  const isCounted = input_tokens !== null && output_tokens !== null && total_tokens !== null;
  return {
    ...(model !== null && { model }),
    ...(isCounted && {
      usage: {
        input_tokens,
        cached_input_tokens: cached_input_tokens ?? 0,
        output_tokens,
        total_tokens,
      },
    }),
    ...(completion_time !== null && { completion_time }),
    // The column allows no other value than the statuses of replies.
    ...(status !== "complete" && { status: status as NonNullable<MessageMetadata["status"]> }),
  };
}
