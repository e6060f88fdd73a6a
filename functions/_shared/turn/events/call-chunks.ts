import type { UIMessageChunk } from "ai";
import { readInput, type ToolCall } from "./map-tools.ts";

/** How a tool call ended. */
export type CallResult = { output: unknown } | { errorText: string };

/** The beginning of a tool call. */
interface CallStart {
  toolCallId: string;
  toolName: string;
  /** Set for tools whose names are not known beforehand (MCP). */
  dynamic?: true;
  /** True if OpenAI runs the tool. */
  providerExecuted?: boolean;
  input?: unknown;
}

/** Returns the chunk that shows a tool call with its input. */
export function callInputChunk(
  { toolCallId, toolName, input, dynamic, providerExecuted }: CallStart,
): UIMessageChunk {
  return {
    type: "tool-input-available",
    toolCallId,
    toolName,
    input,
    ...(providerExecuted && { providerExecuted }),
    ...(dynamic && { dynamic }),
  };
}

/** Returns the chunks that show a call that Parley must answer. OpenAI asks for the approval of calls that it runs. */
export function toolCallChunks(call: ToolCall): UIMessageChunk[] {
  const { call_id: toolCallId, toolName, isRemote } = call;
  const input = readInput(call);
  if (!isRemote) return [callInputChunk({ toolCallId, toolName, input })];
  return [
    callInputChunk({ toolCallId, toolName, input, dynamic: true, providerExecuted: true }),
    { type: "tool-approval-request", approvalId: toolCallId, toolCallId },
  ];
}

/** Returns the chunk that shows how a tool call ended. */
export function callResultChunk(
  toolCallId: string,
  result: CallResult,
  providerExecuted = true,
): UIMessageChunk {
  const executed = providerExecuted && { providerExecuted };
  return "errorText" in result
    ? { type: "tool-output-error", toolCallId, ...result, ...executed }
    : { type: "tool-output-available", toolCallId, ...result, ...executed };
}
