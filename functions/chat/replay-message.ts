import type { UIMessageChunk } from "ai";
import { toUIMessage } from "../../types/api.ts";
import { storedChunks } from "../_shared/turn/events/stored-chunks.ts";
import { endingChunks } from "../_shared/turn/settle-reply.ts";
import type { MessageRow } from "../_shared/turn/turn-database.ts";

/**
 * Returns the chunks of a stored reply, for a message that is sent again after its turn has ended. A client that has
 * sent outputs has the first `known` parts already.
 */
export function replayMessage(row: MessageRow, known = 0): UIMessageChunk[] {
  const { id, parts } = toUIMessage(row);
  const steps = parts.slice(known).filter((part) => part.type === "step-start").length;
  return [
    { type: "start", messageId: id },
    ...storedChunks(parts, known),
    ...Array.from({ length: Math.min(steps, 1) }, () => ({ type: "finish-step" as const })),
    ...endingChunks(row),
  ];
}
