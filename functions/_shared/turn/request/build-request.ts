import type { Responses } from "openai/resources/responses/responses";
import type { ComparisonFilter } from "openai/resources/shared";
import { sha256Hex } from "../../http/sha256.ts";
import type { StartedTurn } from "../turn-database.ts";
import type { InputItem } from "./build-input.ts";

/** The options of a request besides its turn. */
export interface RequestOptions {
  /** The conversation at OpenAI. */
  threadId: string;
  /** What the assistant is told, with the files of the chat. */
  instructions: string;
  /** What the conversation does not have yet: messages, of which the last is the user's question, or outputs of tools. */
  input: InputItem[];
  /** The stores that the model may search. */
  storeIds: string[];
  /** The files in the stores that the model may search; null for all. */
  filter: ComparisonFilter | null;
}

/** The part of the context window from which on a model shortens the conversation by itself. */
const COMPACT_AT = 0.7;

/** Builds the request to OpenAI for a turn in a conversation. */
export async function buildRequest(
  turn: StartedTurn,
  { threadId, instructions, input, storeIds, filter }: RequestOptions,
): Promise<Responses.ResponseCreateParamsStreaming> {
  const tools: Responses.Tool[] = [
    // The database builds them as tools of the Responses API; clients cannot write them.
    ...turn.tools as Responses.Tool[],
    ...(storeIds.length > 0 ? [describeSearch(storeIds, filter)] : []),
  ];
  return {
    model: turn.model,
    conversation: threadId,
    instructions,
    input,
    tools,
    include: includedFor(tools),
    // Reasoning counts too, so a smaller limit would end replies before their first word.
    max_output_tokens: turn.max_output_tokens,
    ...(tools.length > 0 && { max_tool_calls: turn.max_tool_calls }),
    // The tools stay in the request, so that OpenAI's cache of prompts recognizes it.
    ...(tools.length > 0 && turn.must_answer && { tool_choice: "none" as const }),
    // A background response continues and keeps its events even if this process dies.
    background: true,
    store: true,
    stream: true,
    stream_options: { include_obfuscation: false },
    // Turns of one chat begin alike. The same key sends them to the same cache, where input costs a tenth.
    prompt_cache_key: turn.session_id,
    // OpenAI's abuse detection can tell users apart by the hash, but not identify them.
    safety_identifier: await sha256Hex(turn.profile_id),
    metadata: { session_id: turn.session_id, turn_id: turn.turn_id },
    ...(turn.temperature !== null && { temperature: turn.temperature }),
    ...describeReasoning(turn),
    ...(turn.compacts && turn.context_window !== null && {
      context_management: [{
        type: "compaction",
        compact_threshold: Math.floor(turn.context_window * COMPACT_AT),
      }],
    }),
  };
}

function describeSearch(
  vector_store_ids: string[],
  filters: ComparisonFilter | null,
): Responses.FileSearchTool {
  return { type: "file_search", vector_store_ids, ...(filters && { filters }) };
}

/** Returns what the reply shows of tools, which OpenAI leaves out unless it is asked for. */
function includedFor(tools: readonly Responses.Tool[]): Responses.ResponseIncludable[] {
  const types = new Set<string>(tools.map(({ type }) => type));
  return [
    ...(types.has("web_search") ? ["web_search_call.action.sources" as const] : []),
    ...(types.has("file_search") ? ["file_search_call.results" as const] : []),
  ];
}

/** Returns the settings of reasoning. A summary is only there for models that reason. */
function describeReasoning(
  { reasoning_effort, reasons }: StartedTurn,
): Pick<Responses.ResponseCreateParamsStreaming, "reasoning"> {
  if (reasoning_effort === null && !reasons) return {};
  return {
    reasoning: {
      ...(reasoning_effort !== null && { effort: reasoning_effort }),
      ...(reasons && { summary: "auto" }),
    },
  };
}
