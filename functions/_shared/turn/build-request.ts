import type { Responses } from "openai/resources/responses/responses";
import type { StartedTurn } from "./turn-database.ts";

/** The request upstream for a turn in a conversation. */
export async function buildRequest(
  turn: StartedTurn,
  threadId: string,
  { search }: { search: boolean },
): Promise<Responses.ResponseCreateParamsStreaming> {
  // The catalogue documents this column as tools of the Responses API; clients cannot write it.
  const tools = turn.tools as Responses.Tool[];
  return {
    model: turn.model,
    conversation: threadId,
    instructions: turn.instructions,
    input: [{ role: "user", content: [{ type: "input_text", text: turn.content }] }],
    tools: search ? [...tools, { type: "web_search" }] : tools,
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
