import type { MessageMetadata } from "../../../types/client-results.ts";
import type { MessageRow } from "./database.ts";
import { toUIMessage } from "./messages.ts";
import type { MessagePart, ReplyChunk } from "./ui-message.ts";

/** Returns the chunks of a stored reply, as the function sends them; none while it is being written. */
export function storedChunks(row: MessageRow): ReplyChunk[] {
  if (row.status === "streaming") return [];
  const { parts, metadata } = toUIMessage(row);
  const hasSteps = parts.some(({ type }) => type === "step-start");
  return [
    { type: "start", messageId: row.id },
    ...parts.flatMap(partChunks),
    ...(hasSteps ? [{ type: "finish-step" } as const] : []),
    ...endChunks(row, metadata),
  ];
}

function endChunks(
  { status, error }: MessageRow,
  messageMetadata: MessageMetadata = {},
): ReplyChunk[] {
  if (status === "complete") return [{ type: "finish", finishReason: "stop", messageMetadata }];
  return [
    { type: "message-metadata", messageMetadata },
    status === "stopped" ? { type: "abort" } : { type: "error", errorText: JSON.stringify(error) },
  ];
}

function partChunks(part: MessagePart, index: number): ReplyChunk[] {
  const id = String(index);
  switch (part.type) {
    case "step-start":
      return [{ type: "start-step" }];
    case "text":
    case "reasoning": {
      const { type, text, providerMetadata } = part;
      const metadata = providerMetadata && { providerMetadata };
      return [
        { type: `${type}-start`, id, ...metadata },
        { type: `${type}-delta`, id, delta: text, ...metadata },
        { type: `${type}-end`, id, ...metadata },
      ];
    }
    case "source-url":
    case "source-document":
    case "file":
      return [part];
    case "dynamic-tool":
      return callChunks(part, part.toolName, { dynamic: true });
    default:
      if ("toolCallId" in part) return callChunks(part, part.type.slice("tool-".length), {});
      return "data" in part ? [{ type: part.type, data: part.data }] : [];
  }
}

interface Call {
  toolCallId: string;
  state: string;
  input?: unknown;
  output?: unknown;
  errorText?: string | undefined;
}

/** Returns the chunks of a stored tool call of the provider, which has always ended. */
function callChunks(
  { toolCallId, state, input, output, errorText = "" }: Call,
  toolName: string,
  kind: { dynamic?: true },
): ReplyChunk[] {
  const call = { toolCallId, providerExecuted: true };
  return [
    { type: "tool-input-available", ...call, toolName, input, ...kind },
    state === "output-error"
      ? { type: "tool-output-error", ...call, errorText }
      : { type: "tool-output-available", ...call, output },
  ];
}
