import type { Responses } from "openai/resources/responses/responses";
import type {
  AnswerPlan,
  PlannedFileSearch,
  PlannedReasoning,
  PlannedWebSearch,
} from "./answer-plan.ts";
import { newId } from "../new-id.ts";
import { scriptRefusal, scriptText } from "./script-message.ts";
import { scriptTool } from "./script-tools.ts";
import type { ScriptOptions } from "./script-message.ts";
import { splitTokens } from "./shorten-text.ts";
import type { EventDraft, OutputItem } from "../wire-types.ts";

type Drafts = Generator<EventDraft, void>;

/**
 * Yields the events of a plan in OpenAI's order, from the first output item to the last. `output` is the
 * response's own list. The function updates it only after the reader has taken the event. A response that is
 * cancelled before its next event therefore holds exactly what its events reported.
 */
export function* scriptEvents(
  plan: AnswerPlan,
  output: OutputItem[],
  options: ScriptOptions,
): Drafts {
  for (const planned of plan) {
    // What ends a response early ends its last item.
    const part = planned === plan.at(-1) ? options : { ...options, end: "completed" as const };
    if (planned.type === "reasoning") yield* scriptReasoning(planned, output);
    else if (planned.type === "web_search_call") yield* scriptWebSearch(planned, output);
    else if (planned.type === "file_search_call") yield* scriptFileSearch(planned, output);
    else if (planned.type === "refusal") yield* scriptRefusal(planned, output);
    else if (planned.type === "text") yield* scriptText(planned, output, part);
    else yield* scriptTool(planned, output, part);
  }
}

function* scriptReasoning(plan: PlannedReasoning, output: OutputItem[]): Drafts {
  const item: Responses.ResponseReasoningItem = {
    id: newId("rs"),
    type: "reasoning",
    summary: [],
  };
  const output_index = output.length;
  yield { type: "response.output_item.added", output_index, item: structuredClone(item) };
  output.push(item);
  for (const text of plan.summaries) yield* scriptSummary(item, output_index, text);
  yield { type: "response.output_item.done", output_index, item: structuredClone(item) };
}

function* scriptSummary(
  item: Responses.ResponseReasoningItem,
  output_index: number,
  text: string,
): Drafts {
  const part: Responses.ResponseReasoningItem.Summary = { type: "summary_text", text: "" };
  const place = { item_id: item.id, output_index, summary_index: item.summary.length };
  yield { type: "response.reasoning_summary_part.added", ...place, part: { ...part } };
  item.summary.push(part);
  for (const delta of splitTokens(text)) {
    yield { type: "response.reasoning_summary_text.delta", ...place, delta };
    part.text += delta;
  }
  yield { type: "response.reasoning_summary_text.done", ...place, text };
  yield { type: "response.reasoning_summary_part.done", ...place, part: { ...part } };
}

function* scriptWebSearch({ query }: PlannedWebSearch, output: OutputItem[]): Drafts {
  const item: Responses.ResponseFunctionWebSearch = {
    id: newId("ws"),
    type: "web_search_call",
    status: "in_progress",
    action: { type: "search" },
  };
  const output_index = output.length;
  const place = { item_id: item.id, output_index };
  yield { type: "response.output_item.added", output_index, item: structuredClone(item) };
  output.push(item);
  yield { type: "response.web_search_call.in_progress", ...place };
  yield { type: "response.web_search_call.searching", ...place };
  item.status = "searching";
  yield { type: "response.web_search_call.completed", ...place };
  item.status = "completed";
  item.action = { type: "search", query, queries: [query] };
  yield { type: "response.output_item.done", output_index, item: structuredClone(item) };
}

function* scriptFileSearch({ queries, results }: PlannedFileSearch, output: OutputItem[]): Drafts {
  const item: Responses.ResponseFileSearchToolCall = {
    id: newId("fs"),
    type: "file_search_call",
    status: "in_progress",
    queries: [],
    results: null,
  };
  const output_index = output.length;
  const place = { item_id: item.id, output_index };
  yield { type: "response.output_item.added", output_index, item: structuredClone(item) };
  output.push(item);
  yield { type: "response.file_search_call.in_progress", ...place };
  yield { type: "response.file_search_call.searching", ...place };
  item.status = "searching";
  yield { type: "response.file_search_call.completed", ...place };
  item.status = "completed";
  item.queries = queries;
  item.results = results;
  yield { type: "response.output_item.done", output_index, item: structuredClone(item) };
}
