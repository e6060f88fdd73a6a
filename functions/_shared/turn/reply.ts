import type { UIMessageChunk } from "ai";
import { createEventMapper, type EventMapper } from "./events/map-events.ts";
import type { FindFile } from "./events/map-sources.ts";
import type { MadeFiles } from "./made-files.ts";
import { createPartsReducer, type PartsReducer } from "./events/reduce-parts.ts";
import type { Part } from "./events/stored-chunks.ts";

/** A reply that is being written. The mapper turns OpenAI's events into chunks for the client and the stored parts. */
export interface Reply {
  /** The mapper of the current response. */
  readonly mapper: EventMapper;
  readonly stored: PartsReducer;
  /** The files that the model makes. Their parts come last in a step, when they are stored. */
  readonly made: MadeFiles;
  /** Sends a chunk to the client and adds it to the stored parts. */
  emit(chunk: UIMessageChunk): void;
  /** Goes on with a further response. */
  nextStep(): void;
}

/**
 * Creates a reply for the message with this id, which has `parts` already. `findFile` finds the files that it may cite.
 */
export function createReply(
  messageId: string,
  send: (chunk: UIMessageChunk) => void,
  findFile: FindFile,
  made: MadeFiles,
  parts: readonly Part[] = [],
): Reply {
  const stored = createPartsReducer(messageId, parts);
  const createMapper = () => createEventMapper({ findFile, onMade: (file) => made.add(file) });
  let mapper = createMapper();
  return {
    get mapper() {
      return mapper;
    },
    stored,
    made,
    emit(chunk) {
      stored.push(chunk);
      send(chunk);
    },
    nextStep() {
      mapper = createMapper();
    },
  };
}
