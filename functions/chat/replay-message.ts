import type { UIMessageChunk } from "ai";
import { type ParleyMessage, toUIMessage } from "../../types/api.ts";
import { callInputChunk, callResultChunk } from "../_shared/turn/events/call-chunks.ts";
import { endingChunks } from "../_shared/turn/settle-reply.ts";
import type { MessageRow } from "../_shared/turn/turn-database.ts";

type Part = ParleyMessage["parts"][number];

/** Returns the chunks of a stored reply, for a message that is sent again after its turn has ended. */
export function replayMessage(row: MessageRow): UIMessageChunk[] {
  const { id, parts } = toUIMessage(row);
  const steps = parts.filter((part) => part.type === "step-start").length;
  return [
    { type: "start", messageId: id },
    ...parts.flatMap(partChunks),
    ...Array.from({ length: Math.min(steps, 1) }, () => ({ type: "finish-step" as const })),
    ...endingChunks(row),
  ];
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
      return callChunks(part);
  }
}

/** Returns the chunks of a stored tool call of the provider, which has always ended, or of a stored notice. */
function callChunks(part: Part): UIMessageChunk[] {
  if (part.type === "dynamic-tool") return toolChunks({ ...part, dynamic: true });
  if (part.type.startsWith("tool-") && "toolCallId" in part) {
    return toolChunks({ ...part, toolName: part.type.slice("tool-".length) });
  }
  if (part.type.startsWith("data-") && "data" in part) {
    const { type, data } = part as Extract<Part, { type: `data-${string}` }>; // The prefix says so.
    return [{ type, data }];
  }
  return [];
}

interface StoredCall {
  toolCallId: string;
  toolName: string;
  dynamic?: true;
  state: string;
  input?: unknown;
  output?: unknown;
  errorText?: string;
}

function toolChunks(call: StoredCall): UIMessageChunk[] {
  const result = call.state === "output-error"
    ? { errorText: call.errorText ?? "" }
    : { output: call.output };
  return [callInputChunk(call), callResultChunk(call.toolCallId, result)];
}
