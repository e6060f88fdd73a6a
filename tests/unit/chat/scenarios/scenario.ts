import type { UIMessageChunk } from "ai";
import type { KnownFile } from "../../../../functions/_shared/turn/events/map-sources.ts";
import type { EventBody } from "../../../helpers/openai-events.ts";

/** What OpenAI says and what the client must be told, the mapper's closing included. */
export interface Scenario {
  name: string;
  events: EventBody[];
  chunks: UIMessageChunk[];
}

/** The text that may never leave the server. */
export const DOCUMENT_TEXT = "CONFIDENTIAL passage of the document";

/** Knows one file, `file-known`. */
export function findFile(openaiFileId: string): KnownFile | undefined {
  if (openaiFileId !== "file-known") return undefined;
  return { id: "our-file", file_name: "Handbook.pdf", file_type: "application/pdf" };
}

/** The chunk that begins the one step of a reply. */
export const start: UIMessageChunk = { type: "start-step" };

/** The chunk that ends it. */
export const end: UIMessageChunk = { type: "finish-step" };

/** A call as the client learns of it. */
export function input(toolCallId: string, toolName: string, input: unknown): UIMessageChunk {
  return { type: "tool-input-available", toolCallId, toolName, input, providerExecuted: true };
}

/** The result of a call. */
export function output(toolCallId: string, output: unknown): UIMessageChunk {
  return { type: "tool-output-available", toolCallId, output, providerExecuted: true };
}

/** A call without a result. */
export function toolError(toolCallId: string, errorText: string): UIMessageChunk {
  return { type: "tool-output-error", toolCallId, errorText, providerExecuted: true };
}
