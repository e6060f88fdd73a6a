import type { VectorStoreFile } from "openai/resources/vector-stores/files";
import { describeError } from "../http/log.ts";
import { logMisconfiguration } from "../openai/describe-misconfiguration.ts";
import { pause } from "../http/pause.ts";
import { retryOnce } from "../openai/retry-once.ts";
import { isGone, isStoreLost } from "../openai/store-lost.ts";
import { collectionOf } from "./collection.ts";
import { explainUnsearchable } from "./explain-unsearchable.ts";
import { type FileAttributes, fileAttributes } from "./file-attributes.ts";
import type { FileRow } from "./file-database.ts";
import {
  fileFailure,
  IndexingFailedError,
  isUnreadable,
  readIndexingFailure,
} from "./file-failures.ts";
import { isImage, OTHER_TYPE } from "./file-kinds.ts";
import type { FilePorts } from "./file-ports.ts";
import { type OpenStore, requireStore } from "./open-store.ts";
import { PATIENCE, type Patience } from "./patience.ts";
import { ensureSent } from "./send-file.ts";
import { isInline, UnreadableFileError } from "./unreadable-file.ts";

/**
 * Makes a stored file usable in turns: sends it to OpenAI, attaches it to the store of its collection and waits until
 * it can be searched. Resumes an interrupted attempt. The caller must have claimed the row. A temporary error, or an
 * error that the operator can end, postpones the next attempt. This call makes it if its time allows that, else the
 * clean-up does.
 * Never rejects: the row has the result.
 */
export async function indexFile(
  ports: FilePorts,
  row: FileRow,
  patience = PATIENCE,
): Promise<void> {
  const deadline = Date.now() + patience.callMs;
  try {
    for (let claimed: FileRow | null = row; claimed;) {
      const pauseMs = await attempt(ports, claimed, deadline, patience);
      if (pauseMs === null || Date.now() + pauseMs >= deadline) return;
      await pause(pauseMs);
      claimed = await ports.files.claim(row.id);
    }
  } catch (error) {
    // The database does not answer. The clean-up continues after the lease.
    ports.log.error("file_not_settled", { file_id: row.id, ...describeError(error) });
  }
}

/** Tries once. Returns the pause before the next attempt, or null if there is none. Throws errors of the database. */
async function attempt(
  ports: FilePorts,
  row: FileRow,
  deadline: number,
  patience: Patience,
): Promise<number | null> {
  const { files, log, signal } = ports;
  const facts = { file_id: row.id };
  try {
    if (await index(ports, row, deadline, patience)) return null;
    return signal?.aborted ? null : await postpone(ports, row, patience, { code: null });
  } catch (error) {
    // The run has ended by itself. Another one continues after the lease.
    if (signal?.aborted) return null;
    log.error("file_not_indexed", { ...facts, ...describeError(error) });
    logMisconfiguration(log, error, facts);
    const failure = readIndexingFailure(error);
    if (!failure.isFinal || failure.code === null) {
      return await postpone(ports, row, patience, failure);
    }
    await files.fail(row.id, fileFailure(failure.code));
    return null;
  }
}

/** Schedules the next attempt and returns the pause before it. Fails the file if it has waited for too long. */
async function postpone(
  { files, log }: FilePorts,
  row: FileRow,
  patience: Patience,
  { code, retryAfter = 0 }: Pick<ReturnType<typeof readIndexingFailure>, "code" | "retryAfter">,
): Promise<number | null> {
  const age = Date.now() - Date.parse(row.indexing_since);
  const left = patience.totalMs - age;
  if (left <= 0) {
    await files.fail(row.id, fileFailure(code ?? "indexing_timeout"));
    return null;
  }
  const grown = Math.min(Math.max(age, patience.pauseMs), patience.longestPauseMs);
  const pauseMs = Math.min(Math.max(grown, retryAfter * 1000), left);
  log.info("file_postponed", { file_id: row.id, reason: code, pause_ms: pauseMs });
  await files.delay(row, pauseMs, code && fileFailure(code));
  return pauseMs;
}

/** Returns true when the file has been settled, or its row was deleted, and false while OpenAI still reads it. */
async function index(
  ports: FilePorts,
  row: FileRow,
  deadline: number,
  patience: Patience,
): Promise<boolean> {
  const { files } = ports;
  if (row.file_type === OTHER_TYPE) {
    await files.settle(row.id);
    return true;
  }
  const openaiFileId = await ensureSent(ports, row);
  if (openaiFileId === null) return true;
  if (isImage(row.file_type)) {
    await files.settle(row.id);
    return true;
  }
  const store = await attach(ports, row, openaiFileId, patience);
  const isDone = await isSearchable(ports, row, store, openaiFileId, deadline, patience);
  if (isDone) await files.settle(row.id, store.id);
  return isDone;
}

async function attach(
  ports: FilePorts,
  row: FileRow,
  openaiFileId: string,
  patience: Patience,
): Promise<OpenStore> {
  const collection = collectionOf(row);
  const attributes = fileAttributes(row);
  const store = await requireStore(ports, collection, patience);
  try {
    await attachOnce(ports, store, openaiFileId, attributes);
    return store;
  } catch (error) {
    if (!isStoreLost(error)) throw error;
    await ports.files.expireStore(store.storeId);
    const renewed = await requireStore(ports, collection, patience);
    await attachOnce(ports, renewed, openaiFileId, attributes);
    return renewed;
  }
}

/**
 * Attaches a file unless the store already has it, as a new store does. OpenAI would index it a second time. An
 * attachment with which OpenAI has failed is replaced.
 */
async function attachOnce(
  { openai }: FilePorts,
  { storeId }: OpenStore,
  openaiFileId: string,
  attributes: FileAttributes,
): Promise<void> {
  const { files } = openai.vectorStores;
  const address = { vector_store_id: storeId };
  try {
    const attached = await retryOnce(() => files.retrieve(openaiFileId, address));
    if (!hasStopped(attached) || isUnreadable(attached)) return;
    await files.delete(openaiFileId, address);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
  await retryOnce(() => files.create(storeId, { file_id: openaiFileId, attributes }));
}

/**
 * Waits until a file can be searched, or is known to be a scan that the model can see. Returns false when that takes
 * too long. Throws an UnreadableFileError when OpenAI cannot read the file, and an IndexingFailedError when OpenAI has
 * failed.
 */
async function isSearchable(
  ports: FilePorts,
  row: FileRow,
  store: OpenStore,
  openaiFileId: string,
  deadline: number,
  patience: Patience,
): Promise<boolean> {
  const unseenUntil = Date.now() + patience.unseenMs;
  for (let wait = patience.pollMs; Date.now() < deadline;) {
    const file = await findAttached(ports, store, openaiFileId, Date.now() < unseenUntil);
    if (file && hasStopped(file) && !isUnreadable(file)) {
      throw new IndexingFailedError(file.last_error?.code);
    }
    const reason = file && await explainUnsearchable(ports, row, file);
    if (reason === "no_text" && isInline(row)) return true;
    if (reason) throw new UnreadableFileError(reason);
    if (file?.status === "completed") return true;
    await pause(wait);
    if (ports.signal?.aborted) break;
    wait = Math.min(wait * 2, patience.longestPollMs);
  }
  return false;
}

/**
 * Returns a file of a store. OpenAI may not know it right after it was attached; with `mayBeUnseen`, that gives null.
 * Source: https://github.com/mkdev-me/terraform-provider-openai/issues/35
 */
async function findAttached(
  { openai }: FilePorts,
  { storeId }: OpenStore,
  openaiFileId: string,
  mayBeUnseen: boolean,
): Promise<VectorStoreFile | null> {
  try {
    return await openai.vectorStores.files.retrieve(openaiFileId, { vector_store_id: storeId });
  } catch (error) {
    if (mayBeUnseen && isGone(error) && !isStoreLost(error)) return null;
    throw error;
  }
}

/** Returns true if OpenAI has given a file up, for whatever reason. */
function hasStopped({ status }: VectorStoreFile): boolean {
  return status === "failed" || status === "cancelled";
}
