import { newId } from "../new-id.ts";
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

function echoRequest(params: CreateResponse) {
  return {
    access_programs: null,
    instructions: params.instructions ?? null,
    max_output_tokens: params.max_output_tokens ?? null,
    max_tool_calls: params.max_tool_calls ?? null,
    metadata: params.metadata ?? {},
    model: params.model,
    parallel_tool_calls: params.parallel_tool_calls ?? true,
    previous_response_id: null,
    prompt_cache_key: params.prompt_cache_key ?? null,
    reasoning: params.reasoning ?? { effort: null, summary: null },
    safety_identifier: params.safety_identifier ?? null,
    service_tier: params.service_tier ?? "default",
    temperature: params.temperature ?? 1,
    text: params.text ?? { format: { type: "text" } },
    tool_choice: params.tool_choice ?? "auto",
    tools: params.tools ?? [],
    top_logprobs: params.top_logprobs ?? 0,
    top_p: params.top_p ?? 1,
    truncation: params.truncation ?? "disabled",
  } satisfies Partial<WireResponse>;
}
