import type { Responses } from "openai/resources/responses/responses";
import type { ChatMessage } from "../../types/api.ts";
import type { StartedTurn } from "./turn-database.ts";

/** The request upstream for a turn in a conversation. */
export async function buildRequest(
  turn: StartedTurn,
  message: ChatMessage,
  threadId: string,
): Promise<Responses.ResponseCreateParamsStreaming> {
  return {
    model: turn.model,
    conversation: threadId,
    instructions: turn.instructions,
    input: [{ role: "user", content: [{ type: "input_text", text: message.content }] }],
    // The catalogue documents this column as tools of the Responses API; clients cannot write it.
    tools: turn.tools as Responses.Tool[],
    // In the background OpenAI goes on, and keeps the events, whatever happens to this process.
    background: true,
    store: true,
    stream: true,
    stream_options: { include_obfuscation: false },
    safety_identifier: await hashId(turn.profile_id),
    metadata: { session_id: turn.session_id, stream_id: turn.stream_id },
    ...(turn.temperature !== null && { temperature: turn.temperature }),
    ...(turn.reasoning_effort !== null && { reasoning: { effort: turn.reasoning_effort } }),
    ...(canCompact(turn.model) && { context_management: [{ type: "compaction" }] }),
  };
}

/**
 * Models that shorten a long conversation by themselves.
 * Source: https://developers.openai.com/api/docs/guides/compaction
 */
function canCompact(model: string): boolean {
  return /^gpt-([6-9]|5\.[2-9])/.test(model);
}

/** Tells OpenAI's abuse detection users apart without telling it who they are. */
async function hashId(id: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(id));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
