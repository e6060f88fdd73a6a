import type { UIMessageChunk } from "ai";
import type { ParleyMessage } from "../../../../types/api.ts";
import { callInputChunk, callResultChunk } from "./call-chunks.ts";

/** A part of a reply. */
export type Part = ParleyMessage["parts"][number];

/** A stored tool call, of whatever kind. */
export interface StoredCall {
  toolCallId: string;
  toolName: string;
  dynamic?: true;
  providerExecuted?: boolean;
  state: string;
  input?: unknown;
  output?: unknown;
  errorText?: string;
  approval?: { id: string; approved?: boolean; reason?: string };
}

/**
 * Returns the chunks of stored parts. A client that has the first `known` parts gets only what became of their calls.
 */
export function storedChunks(parts: readonly Part[], known = 0): UIMessageChunk[] {
  return parts.flatMap((part, index) => {
    if (index >= known) return partChunks(part, index);
    const call = readCall(part);
    return call ? answerChunks(call) : [];
  });
}

/**
 * Returns the parts of a reply up to the end of so many steps: notices, and what each step has. Another function may
 * have stored further steps since the turn was read.
 */
export function partsOfSteps(parts: readonly Part[], steps: number): Part[] {
  let left = steps;
  const end = parts.findIndex(({ type }) => type === "step-start" && left-- === 0);
  return parts.slice(0, end < 0 ? parts.length : end);
}

function partChunks(part: Part, index: number): UIMessageChunk[] {
  const id = String(index);
  switch (part.type) {
    case "step-start":
      return [{ type: "start-step" }];
    case "text":
    case "reasoning": {
      const { providerMetadata } = part;
      const metadata = providerMetadata && { providerMetadata };
      return [
        { type: `${part.type}-start`, id, ...metadata },
        { type: `${part.type}-delta`, id, delta: part.text, ...metadata },
        { type: `${part.type}-end`, id, ...metadata },
      ];
    }
    case "source-url":
    case "source-document":
    case "file":
      return [part];
    default:
      return otherChunks(part);
  }
}

/** Returns the chunks of a stored tool call or notice. */
function otherChunks(part: Part): UIMessageChunk[] {
  const call = readCall(part);
  if (call) return [...inputChunks(call), ...answerChunks(call)];
  if (part.type.startsWith("data-") && "data" in part) {
    const { type, data } = part as Extract<Part, { type: `data-${string}` }>; // The prefix says so.
    return [{ type, data }];
  }
  return [];
}

/** Returns the tool call of a part; null for other parts. */
export function readCall(part: Part): StoredCall | null {
  if (part.type === "dynamic-tool") return { ...part, dynamic: true };
  if (!part.type.startsWith("tool-") || !("toolCallId" in part)) return null;
  return { ...part, toolName: part.type.slice("tool-".length) };
}

function inputChunks(call: StoredCall): UIMessageChunk[] {
  const { toolCallId, approval } = call;
  return [
    callInputChunk(call),
    ...(approval
      ? [{ type: "tool-approval-request" as const, approvalId: approval.id, toolCallId }]
      : []),
  ];
}

/** Returns what became of a call: the decision of the user, and its result. */
function answerChunks(call: StoredCall): UIMessageChunk[] {
  const { approval, toolCallId, providerExecuted = false } = call;
  const decision: UIMessageChunk[] = approval?.approved === undefined ? [] : [{
    type: "tool-approval-response",
    approvalId: approval.id,
    approved: approval.approved,
    ...(approval.reason !== undefined && { reason: approval.reason }),
  }];
  switch (call.state) {
    case "output-available":
      return [...decision, callResultChunk(toolCallId, { output: call.output }, providerExecuted)];
    case "output-error": {
      const errorText = call.errorText ?? "";
      return [...decision, callResultChunk(toolCallId, { errorText }, providerExecuted)];
    }
    case "output-denied":
      return [...decision, { type: "tool-output-denied", toolCallId }];
    default:
      return decision;
  }
}
