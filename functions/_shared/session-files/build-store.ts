import type { VectorStore } from "openai/resources/vector-stores/vector-stores";
import type { VectorStoreFile } from "openai/resources/vector-stores/files";
import type { VectorStoreFileBatch } from "openai/resources/vector-stores/file-batches";
import { pause } from "../http/pause.ts";
import { retryOnce } from "../openai/retry-once.ts";
import type { Collection } from "./collection.ts";
import { explainUnsearchable } from "./explain-unsearchable.ts";
import { describeCollection, fileAttributes } from "./file-attributes.ts";
import type { BuildClaim, FileRow } from "./file-database.ts";
import { fileFailure, isUnreadable, readIndexingFailure } from "./file-failures.ts";
import type { FilePorts } from "./file-ports.ts";
import { mapAtOnce } from "./map-at-once.ts";
import { PATIENCE, type Patience } from "./patience.ts";
import { ensureSent } from "./send-file.ts";
import { isInline } from "./unreadable-file.ts";

const FILES_AT_ONCE = 8;
const FILES_PER_PAGE = 100;

/** OpenAI has given up a batch of files, so its store cannot be used. */
class BatchFailedError extends Error {
  override readonly name = "BatchFailedError";
}

/** The rows of a new store, by the ids of their files at OpenAI. */
type StoreFiles = Map<string, FileRow>;

/**
 * Builds the store of a collection at OpenAI with all its files, and settles the claim. Files that OpenAI does not
 * search in the new store are marked on their rows. When it throws, the store goes to the outbox, and the claim still
 * holds.
 */
export async function buildStore(
  ports: FilePorts,
  claim: BuildClaim,
  collection: Collection,
  patience = PATIENCE,
): Promise<void> {
  const files = await bringBackAll(ports, collection);
  const request = {
    name: claim.name,
    expires_after: { anchor: "last_active_at" as const, days: ports.storeDays },
    // The clean-up recognizes this project's stores by this metadata.
    metadata: { app: "parley", project: ports.project, ...describeCollection(collection) },
  };
  const store = await retryOnce(() => ports.openai.vectorStores.create(request));
  try {
    const fileIds = files.size > 0 ? await attachAll(ports, store.id, files, patience) : [];
    const { metadata, expires_after } = request;
    const made = { storeId: store.id, expiresAt: expiryOf(store, ports.storeDays), fileIds };
    await ports.files.finishStore(claim, { ...made, metadata: { metadata, expires_after } });
  } catch (error) {
    await ports.files.abandon("vector_store", store.id);
    throw error;
  }
}

/** Returns the time at which OpenAI expires a store. */
export function expiryOf({ expires_at, created_at }: VectorStore, storeDays: number): Date {
  return new Date((expires_at ?? created_at + storeDays * 86_400) * 1000);
}

async function bringBackAll(ports: FilePorts, collection: Collection): Promise<StoreFiles> {
  const rows = await ports.files.listSearchable(collection);
  const ids = await mapAtOnce(rows, FILES_AT_ONCE, (row) => bringBack(ports, row));
  return new Map(rows.flatMap((row, at) => {
    const id = ids[at];
    return typeof id === "string" ? [[id, row]] : [];
  }));
}

/**
 * Returns the id of a file at OpenAI, and uploads the file again from Storage when OpenAI no longer has it. Returns
 * null when its row was deleted. A file that can never be uploaded again, such as one whose stored bytes have changed,
 * is marked as failed and also gives null. The other files of the collection can then still be searched.
 */
async function bringBack(ports: FilePorts, row: FileRow): Promise<string | null> {
  try {
    return await ensureSent(ports, row);
  } catch (error) {
    const { code, isFinal } = readIndexingFailure(error);
    if (!isFinal || code === null) throw error;
    ports.log.error("file_not_sent_again", { file_id: row.id, reason: code });
    await ports.files.fail(row.id, fileFailure(code));
    return null;
  }
}

/** Attaches files to a new store. Returns the ids of those that OpenAI searches. Throws a BatchFailedError. */
async function attachAll(
  ports: FilePorts,
  storeId: string,
  files: StoreFiles,
  patience: Patience,
): Promise<string[]> {
  const batch = await awaitBatch(ports, storeId, files, patience);
  const left = new Set(files.keys());
  const isLost = batch.status === "failed" || batch.status === "cancelled";
  if (batch.file_counts.failed > 0) {
    for (const id of await markFailed(ports, batch, files, isLost)) left.delete(id);
  }
  if (isLost) throw new BatchFailedError(batch.status);
  if (batch.file_counts.in_progress > 0) {
    for await (const { id } of listFiles(ports, batch, "in_progress")) {
      left.delete(id);
      const row = files.get(id);
      if (row) await ports.files.reindex(row.id, null);
    }
  }
  return [...left];
}

async function awaitBatch(
  { openai, signal }: FilePorts,
  storeId: string,
  rows: StoreFiles,
  patience: Patience,
): Promise<VectorStoreFileBatch> {
  const { fileBatches } = openai.vectorStores;
  const files = [...rows].map(([file_id, row]) => ({ file_id, attributes: fileAttributes(row) }));
  let batch = await retryOnce(() => fileBatches.create(storeId, { files }));
  const deadline = Date.now() + patience.batchMs;
  for (let wait = patience.pollMs; batch.status === "in_progress" && Date.now() < deadline;) {
    await pause(wait);
    if (signal?.aborted) break;
    wait = Math.min(wait * 2, patience.longestPollMs);
    batch = await fileBatches.retrieve(batch.id, { vector_store_id: storeId }, { maxRetries: 2 });
  }
  return batch;
}

/**
 * Marks the failed files of a batch on their rows, and returns their ids at OpenAI. A file that OpenAI cannot read
 * fails. A file that OpenAI failed to read is indexed again, unless the whole batch is lost and will be repeated.
 */
async function markFailed(
  ports: FilePorts,
  batch: VectorStoreFileBatch,
  files: StoreFiles,
  isLost: boolean,
): Promise<string[]> {
  const failed: string[] = [];
  for await (const file of listFiles(ports, batch, "failed")) {
    failed.push(file.id);
    const row = files.get(file.id);
    if (!row) continue;
    ports.log.error("file_not_in_store", { file_id: row.id, reason: file.last_error?.code });
    if (isUnreadable(file)) await failUnreadable(ports, row, file);
    else if (!isLost) await ports.files.reindex(row.id, fileFailure("provider_error"));
  }
  return failed;
}

/** Fails a file that OpenAI cannot read, unless the model is shown it. */
async function failUnreadable(
  ports: FilePorts,
  row: FileRow,
  file: VectorStoreFile,
): Promise<void> {
  const reason = await explainUnsearchable(ports, row, file) ?? "file_unreadable";
  if (reason !== "no_text" || !isInline(row)) await ports.files.fail(row.id, fileFailure(reason));
}

function listFiles(
  { openai }: FilePorts,
  { id, vector_store_id }: VectorStoreFileBatch,
  filter: "failed" | "in_progress",
) {
  const query = { vector_store_id, filter, limit: FILES_PER_PAGE };
  return openai.vectorStores.fileBatches.listFiles(id, query, { maxRetries: 2 });
}
