import type { Responses } from "openai/resources/responses/responses";
import type { McpTool } from "./mcp-settings.ts";
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

/** A call of a function, which the client runs. */
export interface PlannedFunctionCall {
  type: "function_call";
  name: string;
  arguments: string;
}

/** The tools that an MCP server offers, or the error of a server that does not list them. */
export interface PlannedMcpTools {
  type: "mcp_list_tools";
  server: string;
  tools: McpTool[];
  error?: string;
}

/** A call of a tool of an MCP server, or the request for the user's approval of that call. */
export interface PlannedMcpCall {
  type: "mcp_call" | "mcp_approval_request";
  server: string;
  name: string;
  arguments: string;
  output: string;
  /** The error instead of the output. */
  error?: string;
  /** The id of the request that the user has approved. */
  approval?: string;
}

/** A generated image in base64, and the number of partial images before it. */
export interface PlannedImage {
  type: "image_generation_call";
  prompt: string;
  image: string;
  partialImages: number;
}

/** A run of the code interpreter that writes one file. */
export interface PlannedCodeRun {
  type: "code_interpreter_call";
  code: string;
  logs: string;
  file: ContainerFile;
}

/** A file in a container of the code interpreter. */
export interface ContainerFile {
  id: string;
  containerId: string;
  name: string;
  content: string;
  /** True if the container has expired, so that nobody can download the file. */
  isExpired: boolean;
}

/** An output item of a tool other than the searches. */
export type PlannedToolItem =
  | PlannedFunctionCall
  | PlannedMcpTools
  | PlannedMcpCall
  | PlannedImage
  | PlannedCodeRun;

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
export type AnswerPlan =
  (PlannedReasoning | PlannedCall | PlannedToolItem | PlannedText | PlannedRefusal)[];

/** One use of a tool: the call, the sentence that it adds to the reply, and the citation for that sentence, if any. */
export interface ToolUse {
  call: PlannedCall;
  sentence: string;
  cite(start: number, end: number): Annotation | null;
}

/** Uses a tool for the user's message if `tools` offers it; returns null otherwise. */
export type ToolAnswerer = (turn: UserTurn, tools: readonly Responses.Tool[]) => ToolUse | null;
