import type { Responses } from "openai/resources/responses/responses";

type EventType = Responses.ResponseStreamEvent["type"];

/**
 * Events of the Responses stream that a reply does not show. With those that `map-events.ts`
 * handles they must cover the whole union: a new version of `openai` that adds an event does not
 * compile until someone has decided about it.
 */
export const IGNORED_EVENT_TYPES = [
  // The state of the whole response: the terminal event tells all that matters.
  "response.queued",
  "response.in_progress",
  "response.compaction.compacting",

  // Repeats in full what its deltas have said.
  "response.output_text.done",
  "response.refusal.done",
  "response.reasoning_summary_text.done",

  // Raw reasoning is not shown, only its summary.
  "response.reasoning_text.delta",
  "response.reasoning_text.done",

  // Steps of a provider's tool: the call's item, added and done, carries the whole.
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

  // Tools that the caller would have to run: Parley sends none.
  "response.function_call_arguments.delta",
  "response.function_call_arguments.done",
  "response.custom_tool_call_input.delta",
  "response.custom_tool_call_input.done",
  "response.shell_call_command.added",
  "response.shell_call_command.delta",
  "response.shell_call_command.done",
  "response.shell_call_output_content.delta",
  "response.shell_call_output_content.done",

  // Parley asks for text only.
  "response.audio.delta",
  "response.audio.done",
  "response.audio.transcript.delta",
  "response.audio.transcript.done",
] as const satisfies readonly EventType[];

/** An event that is read and leaves no trace in the reply. */
export type IgnoredEvent = Extract<
  Responses.ResponseStreamEvent,
  { type: (typeof IGNORED_EVENT_TYPES)[number] }
>;
