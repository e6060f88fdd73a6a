import type { FileObject } from "openai/resources/files";
import type { Responses } from "openai/resources/responses/responses";
import type { VectorStoreFile } from "openai/resources/vector-stores/files";
import type { VectorStore } from "openai/resources/vector-stores/vector-stores";
import type { MessageInput } from "./conversations/message-schemas.ts";
import type { InputItem } from "./responses/item-schemas.ts";

/** An output item that the emulator can produce. */
export type OutputItem =
  | Responses.ResponseOutputMessage
  | Responses.ResponseReasoningItem
  | Responses.ResponseFileSearchToolCall
  | Responses.ResponseFunctionWebSearch
  | Responses.ResponseFunctionToolCallItem
  | Responses.ResponseOutputItem.McpListTools
  | Responses.ResponseOutputItem.McpCall
  | Responses.ResponseOutputItem.McpApprovalRequest
  | Responses.ResponseOutputItem.ImageGenerationCall
  | Responses.ResponseCodeInterpreterToolCall;

/** A stored message of the user, the system or the developer. */
export type InputMessage = Responses.ResponseInputMessageItem & { status: "completed" };

/** An item of a request that is neither a message nor a reference, with an id. It is kept as it was sent. */
export type SentItem = Exclude<InputItem, MessageInput | { type: "item_reference" }> & {
  id: string;
};

/** An item of a conversation: both a `ConversationItem` and a `ResponseItem`. */
export type Item = InputMessage | OutputItem | SentItem;

/**
 * A response as the API sends it. The SDK's type differs: the SDK adds `output_text`, the API sends null for
 * `usage` until the response ends, and it reports codes of errors that the type does not list.
 */
export type WireResponse =
  & Omit<Responses.Response, "error" | "output" | "output_text" | "usage">
  & {
    error: { code: string; message: string } | null;
    output: OutputItem[];
    store: boolean;
    usage: Responses.ResponseUsage | null;
  };

/** A file as the API sends it: properties that the SDK's type omits are null. */
export type WireFile = Omit<FileObject, "expires_at" | "status_details"> & {
  expires_at: number | null;
  status_details: null;
};

/** A vector store as the API sends it: properties that the SDK's type omits are null. */
export type WireVectorStore = Omit<VectorStore, "expires_after" | "expires_at"> & {
  description: string | null;
  expires_after: VectorStore.ExpiresAfter | null;
  expires_at: number | null;
};

/** A file in a vector store as the API sends it. */
export type WireStoreFile =
  & Omit<VectorStoreFile, "attributes" | "chunking_strategy">
  & Required<Pick<VectorStoreFile, "chunking_strategy">>
  & { attributes: NonNullable<VectorStoreFile["attributes"]> };

/**
 * A stream event as the API sends it. Text deltas may carry padding that hides their length from network
 * observers.
 */
export type WireEvent = ToWire<Responses.ResponseStreamEvent> | WireErrorEvent;

/**
 * An error event as the API sends it. The SDK's type has the properties of `error` at the top, as the
 * documentation does (https://github.com/openai/openai-dotnet/issues/881).
 */
interface WireErrorEvent {
  type: "error";
  error: { type: string; code: string; message: string; param: string | null };
  sequence_number: number;
}

/** A stream event before the log adds its `sequence_number`. */
export type EventDraft = WithoutSequence<WireEvent>;

type ToWire<Event> = Event extends Responses.ResponseTextDeltaEvent
  ? Event & { obfuscation?: string }
  : Event extends { response: Responses.Response }
    ? Omit<Event, "response"> & { response: WireResponse }
  : Event;

type WithoutSequence<Event> = Event extends unknown ? Omit<Event, "sequence_number"> : never;
