import type { Responses } from "openai/resources/responses/responses";
import type { UserTurn } from "./read-messages.ts";

/** The source of a part of an answer. */
export type Annotation = Responses.ResponseOutputText["annotations"][number];

/** A reasoning item, told as one summary part per text. */
export interface PlannedReasoning {
  type: "reasoning";
  summaries: string[];
}

/** A call of the web search. */
export interface PlannedWebSearch {
  type: "web_search_call";
  query: string;
}

/** A call of the file search; `results` is null unless the request wants to see them. */
export interface PlannedFileSearch {
  type: "file_search_call";
  queries: string[];
  results: Responses.ResponseFileSearchToolCall["results"];
}

/** A call of a tool that OpenAI runs itself. */
export type PlannedCall = PlannedWebSearch | PlannedFileSearch;

/** A message with text and its sources. */
export interface PlannedText {
  type: "text";
  text: string;
  annotations: Annotation[];
}

/** A message that refuses. */
export interface PlannedRefusal {
  type: "refusal";
  refusal: string;
}

/** The output items of an answer, in their order. */
export type AnswerPlan = (PlannedReasoning | PlannedCall | PlannedText | PlannedRefusal)[];

/** One use of a tool: the call, the sentence it adds to the answer, and the source of that sentence if any. */
export interface ToolUse {
  call: PlannedCall;
  sentence: string;
  cite(start: number, end: number): Annotation | null;
}

/** Uses a tool for the user's turn if `tools` offers it; null if not. */
export type ToolAnswerer = (turn: UserTurn, tools: readonly Responses.Tool[]) => ToolUse | null;
