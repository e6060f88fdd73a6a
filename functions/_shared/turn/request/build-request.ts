import type { Responses } from "openai/resources/responses/responses";
import { sha256Hex } from "../../http/sha256.ts";
import type { StartedTurn } from "../turn-database.ts";

/** The options of a request besides its turn. */
export interface RequestOptions {
  /** True lets the model search the web. */
  search: boolean;
  /** The stores that the model may search. */
  storeIds: string[];
}

/** Builds the request to OpenAI for a turn in a conversation. */
export async function buildRequest(
  turn: StartedTurn,
  threadId: string,
  { search, storeIds }: RequestOptions,
): Promise<Responses.ResponseCreateParamsStreaming> {
  // The catalogue documents this column as tools of the Responses API; clients cannot write it.
  const tools = turn.tools as Responses.Tool[];
  return {
    model: turn.model,
    conversation: threadId,
    instructions: turn.instructions,
    input: [{ role: "user", content: buildContent(turn) }],
    tools: [
      ...tools,
      ...(search ? [{ type: "web_search" as const }] : []),
      ...(storeIds.length > 0
        ? [{ type: "file_search" as const, vector_store_ids: storeIds }]
        : []),
    ],
    // A background response continues and keeps its events even if this process dies.
    background: true,
    store: true,
    stream: true,
    stream_options: { include_obfuscation: false },
    // OpenAI's abuse detection can tell users apart by the hash, but not identify them.
    safety_identifier: await sha256Hex(turn.profile_id),
    metadata: { session_id: turn.session_id, turn_id: turn.turn_id },
    ...(turn.temperature !== null && { temperature: turn.temperature }),
    ...(turn.reasoning_effort !== null && { reasoning: { effort: turn.reasoning_effort } }),
    ...(canCompact(turn.model) && { context_management: [{ type: "compaction" }] }),
  };
}

function buildContent({ content, image_file_ids }: StartedTurn): Responses.ResponseInputContent[] {
  return [
    // OpenAI needs a text, also for a message that has only files.
    { type: "input_text", text: content.trim() === "" ? "See the attached files." : content },
    ...image_file_ids.map((file_id) => ({
      type: "input_image" as const,
      file_id,
      detail: "auto" as const,
    })),
  ];
}

/**
 * Returns true for models that can shorten a long conversation themselves.
 * Source: https://developers.openai.com/api/docs/guides/compaction
 */
function canCompact(model: string): boolean {
  return /^gpt-([6-9]|5\.[2-9])/.test(model);
}
