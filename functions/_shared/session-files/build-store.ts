import type { VectorStore } from "openai/resources/vector-stores/vector-stores";
import { pause } from "../http/pause.ts";
import { retryOnce } from "../openai/retry-once.ts";
import type { BuildClaim, FileRow } from "./file-database.ts";
import { fileFailure } from "./file-failures.ts";
import type { FilePorts } from "./file-ports.ts";
import { mapAtOnce } from "./map-at-once.ts";
import { sendFile } from "./send-file.ts";
import { isGone } from "../openai/store-lost.ts";
import { ContentChangedError } from "./verify-content.ts";

/** After this time, a store is used with the files that are indexed so far. The lease ends soon after. */
const LONGEST_INDEXING_MS = 60_000;
const FIRST_POLL_MS = 100;
const LONGEST_POLL_MS = 1_000;
const FILES_AT_ONCE = 8;

/**
 * Builds the store of a session at OpenAI with all its files, and settles the claim. When it throws, the store goes to
 * the outbox, and the claim still holds.
 */
export async function buildStore(
  ports: FilePorts,
  claim: BuildClaim,
  sessionId: string,
): Promise<void> {
  const rows = await ports.files.listSearchable(sessionId);
  const present = await mapAtOnce(rows, FILES_AT_ONCE, (row) => bringBack(ports, row));
  const fileIds = present.filter((id) => id !== null);
  const request = {
    name: claim.name,
    expires_after: { anchor: "last_active_at" as const, days: ports.storeDays },
    // The clean-up recognizes this project's stores by this metadata.
    metadata: { app: "parley", project: ports.project, session_id: sessionId },
  };
  const store = await retryOnce(() => ports.openai.vectorStores.create(request));
  try {
    if (fileIds.length > 0) await attachAll(ports, store.id, fileIds);
    const { metadata, expires_after } = request;
    const made = { storeId: store.id, expiresAt: expiryOf(store, ports.storeDays) };
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

/**
 * Returns the id of a file at OpenAI, and uploads the file again from Storage when OpenAI no longer has it. Returns
 * null when its row was deleted. A file whose stored bytes have changed is marked as failed and also gives null. The
 * other files of the session can then still be searched.
 */
async function bringBack(ports: FilePorts, row: FileRow): Promise<string | null> {
  try {
    return (await ports.openai.files.retrieve(row.openai_file_id ?? "", { maxRetries: 2 })).id;
  } catch (error) {
    if (!isGone(error)) throw error;
    ports.log.info("file_sent_again", { file_id: row.id });
    return await sendAgain(ports, row);
  }
}

async function sendAgain(ports: FilePorts, row: FileRow): Promise<string | null> {
  try {
    return await sendFile(ports, row);
  } catch (error) {
    if (!(error instanceof ContentChangedError)) throw error;
    ports.log.error("file_content_changed", { file_id: row.id });
    await ports.files.fail(row.id, fileFailure("content_changed"));
    return null;
  }
}

async function attachAll(
  { openai, signal }: FilePorts,
  storeId: string,
  fileIds: string[],
): Promise<void> {
  const { fileBatches } = openai.vectorStores;
  let batch = await retryOnce(() => fileBatches.create(storeId, { file_ids: fileIds }));
  const deadline = Date.now() + LONGEST_INDEXING_MS;
  for (let wait = FIRST_POLL_MS; batch.status === "in_progress" && Date.now() < deadline;) {
    await pause(wait);
    if (signal?.aborted) break;
    wait = Math.min(wait * 2, LONGEST_POLL_MS);
    batch = await fileBatches.retrieve(batch.id, { vector_store_id: storeId }, { maxRetries: 2 });
  }
}
