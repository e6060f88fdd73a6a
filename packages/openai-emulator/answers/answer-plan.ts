import type { Responses } from "openai/resources/responses/responses";
import type { UserTurn } from "./read-messages.ts";

/** The citation of a part of a reply. */
export type Annotation = Responses.ResponseOutputText["annotations"][number];

/** A reasoning item with one summary part for each text. */
export interface PlannedReasoning {
  type: "reasoning";
  summaries: string[];
}

/** A call of the web search tool. */
export interface PlannedWebSearch {
  type: "web_search_call";
  query: string;
}

/** A call of the file search tool; `results` is null unless the request includes them. */
export interface PlannedFileSearch {
  type: "file_search_call";
  queries: string[];
  results: Responses.ResponseFileSearchToolCall["results"];
}

/** A call of a tool that OpenAI itself runs. */
export type PlannedCall = PlannedWebSearch | PlannedFileSearch;

/** A message with text and its sources. */
export interface PlannedText {
  type: "text";
  text: string;
  annotations: Annotation[];
}

/** A message that refuses to reply. */
export interface PlannedRefusal {
  type: "refusal";
  refusal: string;
}

/** The output items of a reply, in order. */
export type AnswerPlan = (PlannedReasoning | PlannedCall | PlannedText | PlannedRefusal)[];

/** One use of a tool: the call, the sentence that it adds to the reply, and the citation for that sentence, if any. */
export interface ToolUse {
  call: PlannedCall;
  sentence: string;
  cite(start: number, end: number): Annotation | null;
}

/** Uses a tool for the user's message if `tools` offers it; returns null otherwise. */
export type ToolAnswerer = (turn: UserTurn, tools: readonly Responses.Tool[]) => ToolUse | null;
