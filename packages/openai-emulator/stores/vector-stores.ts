import type { VectorStore } from "openai/resources/vector-stores/vector-stores";
import { ApiError } from "../http/api-error.ts";
import { findStore } from "../find-records.ts";
import { newId } from "../new-id.ts";
import { createPassageIndex } from "../retrieval/passage-index.ts";
import type { EmulatorState, VectorStoreRecord } from "../state.ts";
import type { CreateVectorStore, UpdateVectorStore } from "./vector-store-schemas.ts";
import type { WireStoreFile, WireVectorStore } from "../wire-types.ts";

const SECONDS_A_DAY = 86_400;

/** Creates an empty vector store. */
export function createStore(state: EmulatorState, params: CreateVectorStore): VectorStoreRecord {
  const record = buildRecord({
    id: newId("vs"),
    object: "vector_store",
    created_at: state.now(),
    name: params.name ?? "",
    description: params.description ?? null,
    metadata: params.metadata ?? {},
    expires_after: params.expires_after ?? null,
    expires_at: null,
    last_active_at: null,
  });
  state.vectorStores.set(record.store.id, record);
  touchStore(state, record);
  return record;
}

/** Returns the record of a vector store without files. */
export function buildRecord(store: VectorStoreRecord["store"]): VectorStoreRecord {
  return {
    store,
    expired: false,
    files: new Map(),
    batches: new Map(),
    passages: createPassageIndex(),
    loaded: Promise.resolve(),
  };
}

/** Changes the properties in `params` and keeps the others. */
export function updateStore(
  state: EmulatorState,
  { store }: VectorStoreRecord,
  { name, metadata, expires_after }: UpdateVectorStore,
): void {
  if (name !== undefined) store.name = name ?? "";
  if (metadata !== undefined) store.metadata = metadata;
  if (expires_after !== undefined) store.expires_after = expires_after;
  store.expires_at = expiryOf(store);
  state.changed();
}

/** Returns a vector store as the API sends it. */
export function showStore({ store, files, expired }: VectorStoreRecord): WireVectorStore {
  const file_counts = countFiles([...files.values()]);
  const busy = file_counts.in_progress > 0 ? "in_progress" : "completed";
  const usage_bytes = files.values().reduce((sum, file) => sum + file.usage_bytes, 0);
  return { ...store, file_counts, usage_bytes, status: expired ? "expired" : busy };
}

/** Returns the number of files in each status. */
export function countFiles(files: readonly WireStoreFile[]): VectorStore.FileCounts {
  const count = (wanted: WireStoreFile["status"]) =>
    files.filter(({ status }) => status === wanted).length;
  return {
    in_progress: count("in_progress"),
    completed: count("completed"),
    failed: count("failed"),
    cancelled: count("cancelled"),
    total: files.length,
  };
}

/**
 * Returns the vector store with this id and postpones its expiry. Throws if the store does not exist or has
 * expired.
 */
export function useStore(state: EmulatorState, id: string): VectorStoreRecord {
  const record = findStore(state, id);
  refuseExpired(record);
  touchStore(state, record);
  return record;
}

/**
 * Throws the 400 for an expired vector store, in the words that clients of the real API expect
 * (https://github.com/smskin/laravel-openai, `VectorStoreExceptionTrait`).
 */
function refuseExpired({ store, expired }: VectorStoreRecord): void {
  if (expired) throw new ApiError(400, `Vector store '${store.id}' has expired.`);
}

/** Expires a vector store now. */
export function expireStore(state: EmulatorState, record: VectorStoreRecord): void {
  record.expired = true;
  record.store.expires_at = state.now();
  state.changed();
}

function touchStore(state: EmulatorState, { store }: VectorStoreRecord): void {
  store.last_active_at = state.now();
  store.expires_at = expiryOf(store);
  state.changed();
}

function expiryOf(
  { expires_after, last_active_at, created_at }: VectorStoreRecord["store"],
): number | null {
  if (!expires_after) return null;
  return (last_active_at ?? created_at) + expires_after.days * SECONDS_A_DAY;
}
