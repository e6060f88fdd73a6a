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
export interface PlannedSearch {
  type: "web_search_call";
  query: string;
}

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
export type AnswerPlan = (PlannedReasoning | PlannedSearch | PlannedText | PlannedRefusal)[];

/** One use of a tool: the call, the sentence it adds to the answer, and the source of that sentence. */
export interface ToolUse {
  call: PlannedSearch;
  sentence: string;
  cite(start: number, end: number): Annotation;
}

/** Uses a tool for the user's turn if `tools` offers it; null if not. */
export type ToolAnswerer = (turn: UserTurn, tools: readonly Responses.Tool[]) => ToolUse | null;
