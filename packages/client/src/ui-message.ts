// Messages and chunks as the AI SDK defines them, without its types: an app that does not install `ai` has types too.
// They are assignable to `UIMessage`, `UIMessageChunk` and `ChatTransport` of ai 6 and 7, which a test checks.
// Source: https://ai-sdk.dev/docs/ai-sdk-ui/stream-protocol
import type { MessageMetadata } from "../../../types/client-results.ts";

/** A value of JSON. */
type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** Facts of the provider, by its name. */
interface FromProvider {
  providerMetadata?: Record<string, Record<string, JsonValue>>;
}

/** A text. */
export interface TextPart extends FromProvider {
  type: "text";
  text: string;
  state?: "streaming" | "done";
}

/** A summary of the model's reasoning. */
export interface ReasoningPart extends FromProvider {
  type: "reasoning";
  text: string;
  state?: "streaming" | "done";
}

/** A page of the web that a reply cites. */
export interface SourceUrlPart extends FromProvider {
  type: "source-url";
  sourceId: string;
  url: string;
  title?: string;
}

/** A file that a reply cites. */
export interface SourceDocumentPart extends FromProvider {
  type: "source-document";
  /** The id of the file: `id` of a row of `chat_files`. */
  sourceId: string;
  mediaType: string;
  title: string;
  filename?: string;
}

/** A file that a message attaches, or that a reply made. */
export interface FilePart extends FromProvider {
  type: "file";
  mediaType: string;
  /** `parley:file/` and the id of the file, or the address of an image. */
  url: string;
  filename?: string;
}

/** The decision of the user about a call that needs approval. */
interface Decision<Approved extends boolean = boolean> {
  /** The id that `addToolApprovalResponse` takes. */
  id: string;
  approved: Approved;
  reason?: string;
}

/** How far a call of a tool has come. */
type CallState =
  | { state: "input-available"; input: unknown }
  | { state: "approval-requested"; input: unknown; approval: { id: string } }
  | { state: "approval-responded"; input: unknown; approval: Decision }
  | { state: "output-available"; input: unknown; output: unknown; approval?: Decision<true> }
  | { state: "output-error"; input: unknown; errorText: string; approval?: Decision<true> }
  | { state: "output-denied"; input: unknown; approval: Decision<false> };

/**
 * A call of a tool. The provider runs its own tools, such as the search in files (`providerExecuted`). A tool of the app
 * waits with `input-available` for its output.
 */
export type ToolPart =
  & CallState
  & { toolCallId: string; providerExecuted?: boolean }
  & ({ type: `tool-${string}` } | { type: "dynamic-tool"; toolName: string });

/** Data of Parley, such as a notice. */
export interface DataPart {
  type: `data-${string}`;
  id?: string;
  data: unknown;
}

/** A part of a message. */
export type MessagePart =
  | TextPart
  | ReasoningPart
  | SourceUrlPart
  | SourceDocumentPart
  | FilePart
  | ToolPart
  | DataPart
  | { type: "step-start" };

/**
 * A message in the form of `useChat`.
 *
 * @example
 * const shown: ParleyMessage[] = (await parley.messages.history(session.id)).messages;
 */
export interface ParleyMessage {
  /** The client's id of the message if there is one, else the id of its row. */
  id: string;
  role: "system" | "user" | "assistant";
  /** Facts of a reply. */
  metadata?: MessageMetadata;
  parts: MessagePart[];
}

/** A call of a tool in a stream. */
interface CallChunk extends FromProvider {
  toolCallId: string;
  providerExecuted?: boolean;
  dynamic?: boolean;
}

/**
 * A piece of a reply, in the order in which the model writes it. The decision about a call that another device has made
 * comes as `tool-approval-response`, which ai 6 does not know and ignores.
 */
export type ReplyChunk =
  | { type: "start"; messageId?: string; messageMetadata?: MessageMetadata }
  | { type: "start-step" }
  | { type: "finish-step" }
  | ({ type: "text-start"; id: string } & FromProvider)
  | ({ type: "text-delta"; id: string; delta: string } & FromProvider)
  | ({ type: "text-end"; id: string } & FromProvider)
  | ({ type: "reasoning-start"; id: string } & FromProvider)
  | ({ type: "reasoning-delta"; id: string; delta: string } & FromProvider)
  | ({ type: "reasoning-end"; id: string } & FromProvider)
  | SourceUrlPart
  | SourceDocumentPart
  | FilePart
  | ({ type: "tool-input-start"; toolName: string } & CallChunk)
  | { type: "tool-input-delta"; toolCallId: string; inputTextDelta: string }
  | ({ type: "tool-input-available"; toolName: string; input: unknown } & CallChunk)
  | { type: "tool-approval-request"; approvalId: string; toolCallId: string }
  | { type: "tool-output-denied"; toolCallId: string }
  | ({ type: "tool-output-available"; output: unknown } & CallChunk)
  | ({ type: "tool-output-error"; errorText: string } & CallChunk)
  | DataPart
  | { type: "message-metadata"; messageMetadata: MessageMetadata }
  | { type: "finish"; finishReason?: "stop" | "tool-calls"; messageMetadata?: MessageMetadata }
  | { type: "abort"; reason?: string }
  | { type: "error"; errorText: string };

/** What `useChat` gives with each request. */
interface RequestOptions {
  headers?: Record<string, string> | Headers | undefined;
  body?: object | undefined;
}

/** A message that is sent. Only the last one is, as it is. */
interface SentMessage {
  id: string;
  role: string;
  parts: unknown[];
}

/** A `ChatTransport` of the AI SDK, for `ParleyMessage` or another `UIMessage`. */
export interface ParleyTransport {
  /** Tells `ai` 7 that a joined reply comes from its beginning. */
  readonly resumeStreamIsReplay: true;
  sendMessages(
    options: {
      trigger: "submit-message" | "regenerate-message";
      chatId: string;
      messageId: string | undefined;
      messages: SentMessage[];
      abortSignal: AbortSignal | undefined;
    } & RequestOptions,
  ): Promise<ReadableStream<ReplyChunk>>;
  reconnectToStream(
    options: { chatId: string; abortSignal?: AbortSignal | undefined } & RequestOptions,
  ): Promise<ReadableStream<ReplyChunk> | null>;
}
