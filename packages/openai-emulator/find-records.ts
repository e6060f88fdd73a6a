import type { ContainerFile } from "./answers/answer-plan.ts";
import { ApiError, missingStoreFile, notFound } from "./http/api-error.ts";
import type {
  ConversationRecord,
  EmulatorState,
  FileBatchRecord,
  ResponseRecord,
  VectorStoreRecord,
} from "./state.ts";
import type { WireFile, WireStoreFile } from "./wire-types.ts";

/** Returns the conversation with this id; throws OpenAI's 404 if it does not exist or was deleted. */
export function findConversation(state: EmulatorState, id: string): ConversationRecord {
  const record = state.conversations.get(id);
  if (!record || record.deleted) throw notFound("Conversation", id);
  return record;
}

/** Returns the response with this id; throws OpenAI's 404 if it does not exist. */
export function findResponse(state: EmulatorState, id: string): ResponseRecord {
  const record = state.responses.get(id);
  if (!record) throw notFound("Response", id);
  return record;
}

/** Returns the file with this id; throws OpenAI's 404 if it does not exist. */
export function findFile(state: EmulatorState, id: string): WireFile {
  const file = state.files.get(id);
  if (!file) throw new ApiError(404, `No such File object: ${id}`, { param: "id" });
  return file;
}

/** Returns the file with this id in a container; throws a 404 if the container does not have it. */
export function findContainerFile(
  state: EmulatorState,
  containerId: string,
  id: string,
): ContainerFile {
  const file = state.containerFiles.get(id);
  if (file?.containerId === containerId && !file.isExpired) return file;
  throw new ApiError(404, `File '${id}' not found in container '${containerId}'.`);
}

/** Returns the vector store with this id, expired or not; throws OpenAI's 404 if it does not exist. */
export function findStore(state: EmulatorState, id: string): VectorStoreRecord {
  const record = state.vectorStores.get(id);
  if (!record) throw new ApiError(404, `No vector store found with id '${id}'.`);
  return record;
}

/** Returns the file with this id in a vector store; throws OpenAI's 404 if the store does not have it. */
export function findStoreFile({ store, files }: VectorStoreRecord, id: string): WireStoreFile {
  const file = files.get(id);
  if (file) return file;
  throw missingStoreFile(id, store.id);
}

/** Returns the file batch with this id in a vector store; throws a 404 if it does not exist. */
export function findBatch({ store, batches }: VectorStoreRecord, id: string): FileBatchRecord {
  const batch = batches.get(id);
  if (batch) return batch;
  throw new ApiError(404, `No file batch found with id '${id}' in vector store '${store.id}'.`);
}
