import { createRequestLog, type RequestLog } from "@parley/emulator-kit/request-log.ts";
import type { Conversations } from "openai/resources/conversations/conversations";
import type { ContainerFile } from "./answers/answer-plan.ts";
import { type CommandedBehaviour, createCommandedBehaviour } from "./control/command-behaviour.ts";
import type { BlobStore } from "./files/blob-store.ts";
import type { EventLog } from "./responses/event-log.ts";
import type { PassageIndex } from "./retrieval/passage-index.ts";
import { createTaskQueue, type TaskQueue } from "./stores/task-queue.ts";
import type { Item, WireFile, WireResponse, WireStoreFile, WireVectorStore } from "./wire-types.ts";

/** A conversation and its items, oldest first. As at OpenAI, the items survive the deletion of the conversation. */
export interface ConversationRecord {
  conversation: Conversations.Conversation;
  items: Item[];
  deleted: boolean;
}

/** A response with its input and its events. */
export interface ResponseRecord {
  response: WireResponse;
  inputItems: Item[];
  /** Whether it was created with `stream: true`; no other response can be streamed again. */
  streamed: boolean;
  log: EventLog;
}

/** A vector store. Its counts and its status are computed when it is shown. */
export interface VectorStoreRecord {
  store: Omit<WireVectorStore, "file_counts" | "status" | "usage_bytes">;
  expired: boolean;
  /** By file id. */
  files: Map<string, WireStoreFile>;
  batches: Map<string, FileBatchRecord>;
  /** The passages of completed files, available once `loaded` resolves. */
  passages: PassageIndex;
  /** Resolves when the files from a snapshot have been read again. */
  loaded: Promise<unknown>;
}

/** Files that one request attached to a vector store. */
export interface FileBatchRecord {
  id: string;
  created_at: number;
  cancelled: boolean;
  /** Whether the batch ends as failed. */
  failed?: boolean;
  fileIds: string[];
}

/** A response that is being generated. */
export interface Run {
  record: ResponseRecord;
  cancel(): void;
  /** Resolves when the response has settled in any way. */
  finished: Promise<void>;
}

/** The whole state of the emulator. */
export interface EmulatorState {
  conversations: Map<string, ConversationRecord>;
  responses: Map<string, ResponseRecord>;
  files: Map<string, WireFile>;
  vectorStores: Map<string, VectorStoreRecord>;
  /** The files of the code interpreter, by their ids. They do not survive a restart. */
  containerFiles: Map<string, ContainerFile>;
  runs: Map<string, Run>;
  behaviour: CommandedBehaviour;
  requests: RequestLog;
  blobs: BlobStore;
  /** Reads the text of files, one at a time. */
  extractions: TaskQueue;
  /** The usual speed of replies; Infinity is as fast as possible. */
  tokensPerSecond: number;
  /** Returns the time for expiry, in whole seconds since 1970. */
  now(): number;
  /** Called after each change to what a snapshot holds. */
  changed(): void;
  /** Called when a background response has ended. */
  ended(response: WireResponse): void;
}

/** The parts of a state that its creator provides. */
export type StatePorts = Pick<
  EmulatorState,
  "blobs" | "tokensPerSecond" | "now" | "changed" | "ended"
>;

/** Creates an empty state. */
export function createState(ports: StatePorts): EmulatorState {
  return {
    conversations: new Map(),
    responses: new Map(),
    files: new Map(),
    vectorStores: new Map(),
    runs: new Map(),
    containerFiles: new Map(),
    behaviour: createCommandedBehaviour(),
    requests: createRequestLog(),
    extractions: createTaskQueue(),
    ...ports,
  };
}
