import type { UIMessage } from "ai";
import * as z from "zod";
import type { Database } from "../database.ts";
import { messageFacts } from "../message-facts.ts";

/** The metadata of a reply: `UIMessage.metadata` of assistant messages. */
export const MessageMetadata = z.object({
  model: z.string().optional(),
  usage: z.object({
    input_tokens: z.number().int(),
    cached_input_tokens: z.number().int(),
    output_tokens: z.number().int(),
    total_tokens: z.number().int(),
  }).optional(),
  completion_time: z.number().optional().describe(
    "Seconds from the request to the end of the reply.",
  ),
  status: z.enum(["streaming", "stopped", "failed"]).optional().describe(
    "Set only for a reply that is not complete.",
  ),
});
export type MessageMetadata = z.infer<typeof MessageMetadata>;

/** A stored message in the form of `useChat`. */
export type ParleyMessage = UIMessage<MessageMetadata>;

type MessageRow = Database["public"]["Tables"]["chat_messages"]["Row"];

/** Returns the `UIMessage` of a row of `chat_messages`. Loading history into `useChat` needs nothing else. */
export function toUIMessage(row: MessageRow): ParleyMessage {
  // The functions store only UIMessage.parts here, and the column checks that it is an array.
  return { ...messageFacts(row), parts: row.parts as ParleyMessage["parts"] };
}
