import { findFile } from "../find-records.ts";
import { extractText, LARGEST_DOCUMENT } from "../retrieval/extract-text.ts";
import { ExtractionError, tooLarge } from "../retrieval/extraction-error.ts";
import { splitPassages } from "../retrieval/split-passages.ts";
import type { EmulatorState, VectorStoreRecord } from "../state.ts";
import type { AttachFile } from "./vector-store-schemas.ts";
import type { WireStoreFile } from "../wire-types.ts";

/** Reads the text of a file for a vector store. */
type ReadFile = (state: EmulatorState, id: string) => Promise<ReadResult>;

type LastError = NonNullable<WireStoreFile["last_error"]>;

/** What reading a file gives the vector store. */
interface ReadResult {
  outcome: Pick<WireStoreFile, "status" | "last_error" | "usage_bytes">;
  passages: string[];
}

/**
 * Attaches a file to a vector store and returns while `read` reads its text. A file that is already in the store
 * is read again. Throws OpenAI's 404 for an unknown file.
 */
export function attachFile(
  state: EmulatorState,
  record: VectorStoreRecord,
  { file_id, attributes, chunking_strategy }: AttachFile,
  read: ReadFile = readPassages,
): WireStoreFile {
  const file: WireStoreFile = {
    id: findFile(state, file_id).id,
    object: "vector_store.file",
    created_at: state.now(),
    vector_store_id: record.store.id,
    status: "in_progress",
    last_error: null,
    usage_bytes: 0,
    attributes,
    chunking_strategy,
  };
  record.files.set(file.id, file);
  void readSoon(state, record, file, read);
  state.changed();
  return file;
}

/** Detaches a file from a vector store; the file itself remains. */
export function detachFile(state: EmulatorState, record: VectorStoreRecord, id: string): void {
  record.files.delete(id);
  record.passages.remove(id);
  state.changed();
}

/** Cancels a file if its text has not been read yet. */
export function cancelFile(file: WireStoreFile): void {
  if (file.status === "in_progress") file.status = "cancelled";
}

/**
 * Reads the text of a file in a store after a restart, and resolves when that is done. A file that was unread
 * at the restart is read for the first time. The status does not change until then.
 */
export async function reloadFile(
  state: EmulatorState,
  record: VectorStoreRecord,
  file: WireStoreFile,
): Promise<void> {
  if (file.status === "in_progress") void readSoon(state, record, file, readPassages);
  else if (file.status === "completed") await queueReading(state, record, file, readPassages, 0);
}

function readSoon(
  state: EmulatorState,
  record: VectorStoreRecord,
  file: WireStoreFile,
  read: ReadFile,
): Promise<void> {
  return queueReading(state, record, file, read, state.behaviour.get().indexing_ms ?? 0);
}

function queueReading(
  state: EmulatorState,
  record: VectorStoreRecord,
  file: WireStoreFile,
  read: ReadFile,
  delay: number,
): Promise<void> {
  // The file may have been detached, deleted or cancelled in the meantime.
  const isWanted = () =>
    record.files.get(file.id) === file &&
    (file.status === "in_progress" || file.status === "completed");
  return state.extractions.add(async () => {
    if (!isWanted()) return;
    const result = await read(state, file.id);
    if (!isWanted()) return;
    await record.passages.add(file.id, result.passages);
    if (!isWanted()) return record.passages.remove(file.id);
    Object.assign(file, result.outcome);
    state.changed();
  }, delay);
}

/** Reads the text of a file. An unreadable file fails with the reason. */
export async function readPassages(state: EmulatorState, id: string): Promise<ReadResult> {
  try {
    const { filename, bytes } = findFile(state, id);
    if (bytes > LARGEST_DOCUMENT) throw tooLarge();
    const passages = splitPassages(await extractText(filename, await state.blobs.read(id)));
    const usage_bytes = passages.reduce((sum, passage) => sum + Buffer.byteLength(passage), 0);
    return { outcome: { status: "completed", last_error: null, usage_bytes }, passages };
  } catch (error) {
    return failedWith(describeError(error));
  }
}

/** Fails as OpenAI does when it cannot process a file: by default for reasons of its own. */
export function failReading(code: LastError["code"] = "server_error"): Promise<ReadResult> {
  const message = "The file could not be parsed.";
  return Promise.resolve(failedWith(code === "server_error" ? SERVER_ERROR : { code, message }));
}

function failedWith(last_error: WireStoreFile["last_error"]): ReadResult {
  return { outcome: { status: "failed", last_error, usage_bytes: 0 }, passages: [] };
}

const SERVER_ERROR = { code: "server_error", message: "An internal error occurred." } as const;

function describeError(error: unknown): LastError {
  if (error instanceof ExtractionError) return { code: error.code, message: error.message };
  console.error(error);
  return SERVER_ERROR;
}
