import { describeError } from "../http/log.ts";
import { describeMisconfiguration } from "../openai/describe-misconfiguration.ts";
import { readFailure } from "../openai/read-failure.ts";
import { pause } from "../http/pause.ts";
import { retryOnce } from "../openai/retry-once.ts";
import type { FileRow } from "./file-database.ts";
import { type FileFailure, fileFailure } from "./file-failures.ts";
import { isImage, OTHER_TYPE } from "./file-kinds.ts";
import type { FilePorts } from "./file-ports.ts";
import { type OpenStore, openStore } from "./open-store.ts";
import { sendFile } from "./send-file.ts";
import { isGone, isStoreLost } from "../openai/store-lost.ts";
import { ContentChangedError } from "./verify-content.ts";

const FIRST_POLL_MS = 100;
const LONGEST_POLL_MS = 2_000;
/** The longest wait for one file. The clean-up continues after it, because a function's life is limited. */
const LONGEST_WAIT_MS = 120_000;

class UnreadableFileError extends Error {
  override readonly name = "UnreadableFileError";
}

/**
 * Makes a stored file usable in turns: sends it to OpenAI, attaches it to the session's store and waits until it can be
 * searched, for at most `longestWait` milliseconds. Resumes an interrupted attempt. Never rejects: the row has the
 * result. Returns false while there is none yet; the clean-up then continues.
 */
export async function indexFile(
  ports: FilePorts,
  row: FileRow,
  longestWait = LONGEST_WAIT_MS,
): Promise<boolean> {
  const { files, log } = ports;
  try {
    return await index(ports, row, longestWait);
  } catch (error) {
    log.error("file_not_indexed", { file_id: row.id, ...describeError(error) });
    const mistake = describeMisconfiguration(error);
    if (mistake) log.error("provider_misconfigured", { file_id: row.id, ...mistake });
    if (ports.signal?.aborted) return false;
    await files.fail(row.id, fileFailure(failureOf(error))).catch((cause) =>
      log.error("file_not_failed", { file_id: row.id, ...describeError(cause) })
    );
    return true;
  }
}

function failureOf(error: unknown): FileFailure["code"] {
  if (error instanceof UnreadableFileError) return "file_unreadable";
  if (error instanceof ContentChangedError) return "content_changed";
  return readFailure(error) === "provider_misconfigured"
    ? "provider_misconfigured"
    : "provider_error";
}

async function index(ports: FilePorts, row: FileRow, longestWait: number): Promise<boolean> {
  const { files } = ports;
  if (row.file_type === OTHER_TYPE) {
    await files.settle(row.id);
    return true;
  }
  const openaiFileId = row.openai_file_id ?? await sendFile(ports, row);
  if (openaiFileId === null) return true;
  if (isImage(row.file_type)) {
    await files.settle(row.id);
    return true;
  }
  const store = await attach(ports, row.session_id, openaiFileId);
  const isDone = await isSearchable(ports, store, openaiFileId, longestWait);
  if (isDone) await files.settle(row.id, store.id);
  return isDone;
}

async function attach(
  ports: FilePorts,
  sessionId: string,
  openaiFileId: string,
): Promise<OpenStore> {
  const store = await requireStore(ports, sessionId);
  try {
    await attachOnce(ports, store, openaiFileId);
    return store;
  } catch (error) {
    if (!isStoreLost(error)) throw error;
    await ports.files.expireStore(store.storeId);
    const renewed = await requireStore(ports, sessionId);
    await attachOnce(ports, renewed, openaiFileId);
    return renewed;
  }
}

async function requireStore(ports: FilePorts, sessionId: string): Promise<OpenStore> {
  const store = await openStore(ports, sessionId);
  if (!store) throw new Error("the store of the session cannot be made");
  return store;
}

/** Attaches a file unless the store already has it, as a new store does. OpenAI would index it a second time. */
async function attachOnce(
  { openai }: FilePorts,
  { storeId }: OpenStore,
  openaiFileId: string,
): Promise<void> {
  const { files } = openai.vectorStores;
  try {
    await files.retrieve(openaiFileId, { vector_store_id: storeId }, { maxRetries: 2 });
  } catch (error) {
    if (!isGone(error)) throw error;
    await retryOnce(() => files.create(storeId, { file_id: openaiFileId }));
  }
}

/** Waits until a file can be searched. Returns false when that takes too long. Throws when OpenAI cannot read it. */
async function isSearchable(
  { openai, signal }: FilePorts,
  { storeId }: OpenStore,
  openaiFileId: string,
  longestWait: number,
): Promise<boolean> {
  const deadline = Date.now() + longestWait;
  for (let wait = FIRST_POLL_MS; Date.now() < deadline;) {
    const file = await openai.vectorStores.files.retrieve(
      openaiFileId,
      { vector_store_id: storeId },
      { maxRetries: 2 },
    );
    if (file.status === "completed") return true;
    if (file.last_error?.code === "server_error") throw new Error("OpenAI could not read the file");
    if (file.status !== "in_progress") throw new UnreadableFileError(file.last_error?.code);
    await pause(wait);
    if (signal?.aborted) break;
    wait = Math.min(wait * 2, LONGEST_POLL_MS);
  }
  return false;
}
