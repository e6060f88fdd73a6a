import type { FileObject } from "openai/resources/files";
import type { Responses } from "openai/resources/responses/responses";
import type { VectorStoreFile } from "openai/resources/vector-stores/files";
import type { VectorStore } from "openai/resources/vector-stores/vector-stores";

/** An output item that the emulator can produce. */
export type OutputItem =
  | Responses.ResponseOutputMessage
  | Responses.ResponseReasoningItem
  | Responses.ResponseFileSearchToolCall
  | Responses.ResponseFunctionWebSearch;

/** A message of the user, the system or the developer, as it is stored. */
export type InputMessage = Responses.ResponseInputMessageItem & { status: "completed" };

/** Anything that a conversation can hold here: both a `ConversationItem` and a `ResponseItem`. */
export type Item = InputMessage | OutputItem;

/**
 * A response as it travels. The package's type describes it after the SDK has read it:
 * `output_text` is added by the SDK, `usage` is null on the wire until the response ends.
 */
export type WireResponse = Omit<Responses.Response, "output" | "output_text" | "usage"> & {
  output: OutputItem[];
  store: boolean;
  usage: Responses.ResponseUsage | null;
};

/** A file as it travels: what the package's type leaves out is null on the wire. */
export type WireFile = Omit<FileObject, "expires_at" | "status_details"> & {
  expires_at: number | null;
  status_details: null;
};

/** A vector store as it travels: what the package's type leaves out is null on the wire. */
export type WireVectorStore = Omit<VectorStore, "expires_after" | "expires_at"> & {
  description: string | null;
  expires_after: VectorStore.ExpiresAfter | null;
  expires_at: number | null;
};

/** A file in a vector store as it travels. */
export type WireStoreFile =
  & Omit<VectorStoreFile, "attributes" | "chunking_strategy">
  & Required<Pick<VectorStoreFile, "chunking_strategy">>
  & { attributes: NonNullable<VectorStoreFile["attributes"]> };

/** A stream event as it travels; text deltas may carry padding against traffic analysis. */
export type WireEvent = ToWire<Responses.ResponseStreamEvent>;

/** A stream event before the log has given it its `sequence_number`. */
export type EventDraft = WithoutSequence<WireEvent>;

type ToWire<Event> = Event extends Responses.ResponseTextDeltaEvent
  ? Event & { obfuscation?: string }
  : Event extends { response: Responses.Response }
    ? Omit<Event, "response"> & { response: WireResponse }
  : Event;

type WithoutSequence<Event> = Event extends unknown ? Omit<Event, "sequence_number"> : never;
