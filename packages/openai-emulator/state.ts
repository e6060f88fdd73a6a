import { type BehaviourStore, createBehaviourStore } from "@parley/emulator-kit/behaviour-store.ts";
import { createRequestLog, type RequestLog } from "@parley/emulator-kit/request-log.ts";
import type { Conversations } from "openai/resources/conversations/conversations";
import type { Behaviour } from "./control/behaviour.ts";
import type { BlobStore } from "./files/blob-store.ts";
import type { EventLog } from "./responses/event-log.ts";
import type { PassageIndex } from "./retrieval/passage-index.ts";
import { createTaskQueue, type TaskQueue } from "./stores/task-queue.ts";
import type { Item, WireFile, WireResponse, WireStoreFile, WireVectorStore } from "./wire-types.ts";

/** A conversation and its items, oldest first. Items outlive a deleted conversation, as at OpenAI. */
export interface ConversationRecord {
  conversation: Conversations.Conversation;
  items: Item[];
  deleted: boolean;
}

/** A response, what it was asked, and its events. */
export interface ResponseRecord {
  response: WireResponse;
  inputItems: Item[];
  /** Whether it was created with `stream: true`: only such a one can be streamed again. */
  streamed: boolean;
  log: EventLog;
}

/** A vector store; what is counted of its files is counted when it is shown. */
export interface VectorStoreRecord {
  store: Omit<WireVectorStore, "file_counts" | "status" | "usage_bytes">;
  expired: boolean;
  /** By the id of the file. */
  files: Map<string, WireStoreFile>;
  batches: Map<string, FileBatchRecord>;
  /** Of the files that are completed, once `loaded`. */
  passages: PassageIndex;
  /** Resolves when the passages of files from a snapshot have been read again. */
  loaded: Promise<unknown>;
}

/** Files that were attached to a vector store together. */
export interface FileBatchRecord {
  id: string;
  created_at: number;
  cancelled: boolean;
  fileIds: string[];
}

/** A response that is being generated. */
export interface Run {
  record: ResponseRecord;
  cancel(): void;
  /** Resolves when the response has settled, however it did. */
  finished: Promise<void>;
}

/** Everything the emulator knows. */
export interface EmulatorState {
  conversations: Map<string, ConversationRecord>;
  responses: Map<string, ResponseRecord>;
  files: Map<string, WireFile>;
  vectorStores: Map<string, VectorStoreRecord>;
  runs: Map<string, Run>;
  behaviour: BehaviourStore<Behaviour>;
  requests: RequestLog;
  blobs: BlobStore;
  /** Reads the text of files, one at a time. */
  extractions: TaskQueue;
  /** The time that expiry goes by, in whole seconds since 1970. */
  now(): number;
  /** Called after each change of what a snapshot holds. */
  changed(): void;
}

/** What a state is given from outside. */
export type StatePorts = Pick<EmulatorState, "blobs" | "now" | "changed">;

/** A state without anything in it. */
export function createState(ports: StatePorts): EmulatorState {
  return {
    conversations: new Map(),
    responses: new Map(),
    files: new Map(),
    vectorStores: new Map(),
    runs: new Map(),
    behaviour: createBehaviourStore<Behaviour>({}),
    requests: createRequestLog(),
    extractions: createTaskQueue(),
    ...ports,
  };
}
