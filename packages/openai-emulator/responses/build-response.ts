import type { Responses } from "openai/resources/responses/responses";
import { newId } from "../new-id.ts";
import { findFamily } from "./model-families.ts";
import type { CreateResponse } from "./request-schemas.ts";
import type { WireResponse } from "../wire-types.ts";

/** Returns a response without output: queued if it runs in the background, otherwise in progress. */
export function buildResponse(
  params: CreateResponse,
  conversationId: string | null,
): WireResponse {
  return {
    id: newId("resp"),
    object: "response",
    created_at: nowInSeconds(),
    completed_at: null,
    status: params.background ? "queued" : "in_progress",
    background: params.background ?? false,
    conversation: conversationId === null ? null : { id: conversationId },
    error: null,
    incomplete_details: null,
    output: [],
    usage: null,
    store: params.store ?? true,
    ...echoRequest(params),
  };
}

/** Returns the current time in whole seconds since 1970, as OpenAI writes times. */
export function nowInSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** Returns the parameters of a request as the response shows them, with defaults for those that it omits. */
function echoRequest(params: CreateResponse) {
  const { reasoning, user } = params;
  return {
    access_programs: null,
    instructions: params.instructions ?? null,
    max_output_tokens: params.max_output_tokens ?? null,
    max_tool_calls: params.max_tool_calls ?? null,
    metadata: params.metadata ?? {},
    model: params.model,
    moderation: null,
    parallel_tool_calls: params.parallel_tool_calls ?? true,
    previous_response_id: params.previous_response_id ?? null,
    prompt_cache_key: params.prompt_cache_key ?? null,
    prompt_cache_retention: params.prompt_cache_retention ?? null,
    reasoning: {
      ...reasoning,
      effort: reasoning?.effort ?? findFamily(params.model)?.usualEffort ?? null,
      summary: reasoning?.summary ?? null,
    },
    safety_identifier: params.safety_identifier ?? null,
    service_tier: servedTier(params.service_tier),
    temperature: params.temperature ?? 1,
    text: {
      format: params.text?.format ?? { type: "text" },
      verbosity: params.text?.verbosity ?? "medium",
    },
    tool_choice: params.tool_choice ?? "auto",
    tools: shownTools(params),
    top_logprobs: params.top_logprobs ?? 0,
    top_p: params.top_p ?? 1,
    truncation: params.truncation ?? "disabled",
    ...(user != null && { user }),
  } satisfies Partial<WireResponse>;
}

/**
 * Returns the tools as the response shows them. Without `strict`, OpenAI tries to be strict; it does not show the
 * token of an MCP server (https://developers.openai.com/api/docs/guides/tools-connectors-mcp).
 */
export function shownTools({ tools }: CreateResponse): Responses.Tool[] {
  return (tools ?? []).map((tool): Responses.Tool => {
    if (tool.type === "function") {
      return { ...tool, strict: tool.strict === undefined ? true : tool.strict };
    }
    if (tool.type !== "mcp") return tool;
    const { authorization: _, ...shown } = tool;
    return shown;
  });
}

/** Returns the tier that serves a request (https://developers.openai.com/api/docs/guides/fast-mode). */
function servedTier(wanted: CreateResponse["service_tier"]) {
  if (wanted === "fast") return "priority";
  return wanted == null || wanted === "auto" ? "default" : wanted;
}
