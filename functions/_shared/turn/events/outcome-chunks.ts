import type { UIMessageChunk } from "ai";
import type { ToolCallRow } from "../turn-database.ts";
import { callResultChunk } from "./call-chunks.ts";
import { type Part, readCall, type StoredCall } from "./stored-chunks.ts";

/** The text for a call whose output never came. */
export const NOT_PROVIDED = "The output was not provided.";

/** Returns the chunks that bring the parts of a reply up to the state of its calls in the database. */
export function outcomeChunks(
  parts: readonly Part[],
  calls: readonly ToolCallRow[],
): UIMessageChunk[] {
  return calls.flatMap((call) => {
    const shown = findOpen(parts, call.call_id);
    return shown ? [...approvalChunks(shown, call), ...endChunks(call)] : [];
  });
}

/** Returns the chunks that end the calls which are still open at the end of a reply. */
export function interruptedChunks(parts: readonly Part[]): UIMessageChunk[] {
  return parts.flatMap((part) => {
    const call = readCall(part);
    if (!call || !isOpen(call)) return [];
    return [
      callResultChunk(call.toolCallId, { errorText: NOT_PROVIDED }, call.providerExecuted ?? false),
    ];
  });
}

function findOpen(parts: readonly Part[], callId: string): StoredCall | undefined {
  const calls = parts.flatMap((part) => readCall(part) ?? []);
  return calls.find((call) => call.toolCallId === callId && isOpen(call));
}

function isOpen({ state }: StoredCall): boolean {
  return !state.startsWith("output-");
}

function approvalChunks(
  { state, approval }: StoredCall,
  { call_id, status, reason, decided_at }: ToolCallRow,
): UIMessageChunk[] {
  const request: UIMessageChunk[] =
    approval || (status !== "awaiting_approval" && decided_at === null)
      ? []
      : [{ type: "tool-approval-request", approvalId: call_id, toolCallId: call_id }];
  if (decided_at === null || state === "approval-responded") return request;
  return [...request, {
    type: "tool-approval-response",
    approvalId: call_id,
    approved: status !== "denied",
    ...(reason !== null && { reason }),
  }];
}

function endChunks(
  { call_id: toolCallId, kind, status, output, error }: ToolCallRow,
): UIMessageChunk[] {
  switch (status) {
    case "complete":
      // The next response has the output of a tool that OpenAI runs.
      return kind === "mcp" ? [] : [callResultChunk(toolCallId, { output }, false)];
    case "failed":
      return [callResultChunk(toolCallId, { errorText: error ?? NOT_PROVIDED }, kind === "mcp")];
    case "denied":
      return [{ type: "tool-output-denied", toolCallId }];
    default:
      return [];
  }
}
