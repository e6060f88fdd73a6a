import type { UIMessageChunk } from "ai";

/** How a tool call of the provider ended. */
export type CallResult = { output: unknown } | { errorText: string };

/** The beginning of a tool call that the provider runs itself. */
interface CallStart {
  toolCallId: string;
  toolName: string;
  /** Set for tools whose names are not known beforehand (MCP). */
  dynamic?: true;
  input?: unknown;
}

/** Returns the chunk that shows a tool call of the provider with its input. */
export function callInputChunk(
  { toolCallId, toolName, input, dynamic }: CallStart,
): UIMessageChunk {
  return {
    type: "tool-input-available",
    toolCallId,
    toolName,
    input,
    providerExecuted: true,
    ...(dynamic && { dynamic }),
  };
}

/** Returns the chunk that shows how a tool call of the provider ended. */
export function callResultChunk(toolCallId: string, result: CallResult): UIMessageChunk {
  return "errorText" in result
    ? { type: "tool-output-error", toolCallId, ...result, providerExecuted: true }
    : { type: "tool-output-available", toolCallId, ...result, providerExecuted: true };
}
