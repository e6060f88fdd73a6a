import type { UIMessageChunk } from "ai";
import { createEventMapper, type EventMapper } from "./events/map-events.ts";
import type { FindFile } from "./events/map-sources.ts";
import type { MadeFiles } from "./made-files.ts";
import { createPartsReducer, type PartsReducer } from "./events/reduce-parts.ts";

/** A reply that is being written. The mapper turns OpenAI's events into chunks for the client and the stored parts. */
export interface Reply {
  mapper: EventMapper;
  stored: PartsReducer;
  /** The files that the model makes. Their parts come last in the reply, when they are stored. */
  made: MadeFiles;
  /** Sends a chunk to the client and adds it to the stored parts. */
  emit(chunk: UIMessageChunk): void;
}

/** Creates an empty reply for the message with this id. `findFile` finds the files that the reply may cite. */
export function createReply(
  messageId: string,
  send: (chunk: UIMessageChunk) => void,
  findFile: FindFile,
  made: MadeFiles,
): Reply {
  const stored = createPartsReducer(messageId);
  return {
    mapper: createEventMapper({ findFile, onMade: (file) => made.add(file) }),
    stored,
    made,
    emit(chunk) {
      stored.push(chunk);
      send(chunk);
    },
  };
}
