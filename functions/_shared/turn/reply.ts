import type { UIMessageChunk } from "ai";
import { createEventMapper, type EventMapper } from "./events/map-events.ts";
import type { FindFile } from "./events/map-sources.ts";
import { createPartsReducer, type PartsReducer } from "./events/reduce-parts.ts";

/** A reply on its way: what OpenAI says goes through the mapper to the client and into the stored parts. */
export interface Reply {
  mapper: EventMapper;
  stored: PartsReducer;
  /** Sends a chunk to the client and folds it into what is stored. */
  emit(chunk: UIMessageChunk): void;
}

/** An empty reply of the message with this id; `findFile` knows the files that it may cite. */
export function createReply(
  messageId: string,
  send: (chunk: UIMessageChunk) => void,
  findFile: FindFile,
): Reply {
  const stored = createPartsReducer(messageId);
  return {
    mapper: createEventMapper({ findFile }),
    stored,
    emit(chunk) {
      stored.push(chunk);
      send(chunk);
    },
  };
}
