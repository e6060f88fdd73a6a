import type { AnswerPlan } from "../answers/answer-plan.ts";
import { findFamily } from "./model-families.ts";
import type { CreateResponse } from "./request-schemas.ts";

/** The calls that `max_tool_calls` counts: those of OpenAI's own tools. */
const BUILT_IN: readonly string[] = [
  "web_search_call",
  "file_search_call",
  "mcp_call",
  "image_generation_call",
  "code_interpreter_call",
];

/**
 * Leaves out calls that the request does not allow: further functions with `parallel_tool_calls: false`, and
 * further built-in tools after `max_tool_calls`, which does not count functions. A model that reasons does so before it
 * calls (https://developers.openai.com/api/docs/guides/function-calling,
 * https://platform.openai.com/docs/api-reference/responses/create).
 */
export function limitCalls(plan: AnswerPlan, params: CreateResponse): AnswerPlan {
  let functions = params.parallel_tool_calls === false ? 1 : Infinity;
  let builtIn = params.max_tool_calls ?? Infinity;
  const kept = plan.filter(({ type }) => {
    if (type === "function_call") return functions-- > 0;
    return !BUILT_IN.includes(type) || builtIn-- > 0;
  });
  const calls = kept.some(({ type }) => type === "function_call");
  if (!calls || kept.some(({ type }) => type === "reasoning") || !reasons(params)) return kept;
  return [{ type: "reasoning", summaries: [] }, ...kept];
}

function reasons({ model, reasoning }: CreateResponse): boolean {
  const family = findFamily(model);
  const effort = reasoning?.effort ?? family?.usualEffort ?? "none";
  return family !== undefined && family.efforts.length > 0 && effort !== "none";
}
