import type { Responses } from "openai/resources/responses/responses";

type EventType = Responses.ResponseStreamEvent["type"];

/**
 * Events of the Responses stream that a reply does not show. Together with the events in `map-events.ts` they cover the
 * whole union. An event of a new version of `openai` therefore does not compile until it is listed here or there.
 */
export const IGNORED_EVENT_TYPES = [
  // The state of the whole response. The terminal event has everything that matters.
  "response.queued",
  "response.in_progress",
  "response.compaction.compacting",

  // The stored response says whether it has failed.
  "error",

  // Repeat the text of their deltas in full.
  "response.output_text.done",
  "response.refusal.done",
  "response.reasoning_summary_text.done",

  // Replies show only the summary of the reasoning.
  "response.reasoning_text.delta",
  "response.reasoning_text.done",

  // Progress of a provider's tool call. The item of the call, added and done, has all of it.
  "response.file_search_call.in_progress",
  "response.file_search_call.searching",
  "response.file_search_call.completed",
  "response.web_search_call.in_progress",
  "response.web_search_call.searching",
  "response.web_search_call.completed",
  "response.code_interpreter_call.in_progress",
  "response.code_interpreter_call.interpreting",
  "response.code_interpreter_call.completed",
  "response.code_interpreter_call_code.delta",
  "response.code_interpreter_call_code.done",
  "response.image_generation_call.in_progress",
  "response.image_generation_call.generating",
  "response.image_generation_call.partial_image",
  "response.image_generation_call.completed",
  "response.mcp_call.in_progress",
  "response.mcp_call.completed",
  "response.mcp_call.failed",
  "response.mcp_call_arguments.delta",
  "response.mcp_call_arguments.done",
  "response.mcp_list_tools.in_progress",
  "response.mcp_list_tools.completed",
  "response.mcp_list_tools.failed",

  // The item of a function call, when it is done, has all arguments.
  "response.function_call_arguments.delta",
  "response.function_call_arguments.done",

  // Tools that the caller of the API would have to run. Parley sends no such tools.
  "response.custom_tool_call_input.delta",
  "response.custom_tool_call_input.done",
  "response.shell_call_command.added",
  "response.shell_call_command.delta",
  "response.shell_call_command.done",
  "response.shell_call_output_content.delta",
  "response.shell_call_output_content.done",

  // Parley asks only for text.
  "response.audio.delta",
  "response.audio.done",
  "response.audio.transcript.delta",
  "response.audio.transcript.done",
] as const satisfies readonly EventType[];

/** An event that does not change the reply. */
export type IgnoredEvent = Extract<
  Responses.ResponseStreamEvent,
  { type: (typeof IGNORED_EVENT_TYPES)[number] }
>;
