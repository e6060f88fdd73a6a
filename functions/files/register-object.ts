import { AppError } from "../_shared/http/errors.ts";
import { SAMPLE_BYTES } from "../_shared/session-files/file-kinds.ts";
import { displayName } from "../_shared/session-files/file-names.ts";
import type { FilePorts } from "../_shared/session-files/file-ports.ts";
import { StorageFailure } from "../_shared/session-files/file-storage.ts";
import type { RegisterRequest } from "../../types/api.ts";
import { type AcceptedFile, giveUp, requireKind } from "./accept-upload.ts";
import { meter, peek } from "../_shared/session-files/read-content.ts";

/**
 * Creates the file row for an object that the user has put into their folder of the bucket. Registering an object again
 * returns the same file. Throws an AppError.
 */
export async function registerObject(
  ports: FilePorts,
  userId: string,
  { session_id: sessionId, storage_path: path, message_id: messageId }: RegisterRequest,
): Promise<AcceptedFile> {
  // The database checks the path before the object is read.
  const { max_bytes } = await ports.files.openUpload(userId, path);
  const { sample, content } = await peek(await openObject(ports, path), SAMPLE_BYTES);
  const name = displayName(path);
  const { type } = requireKind(name, sample);
  const fileId = crypto.randomUUID();
  const file = { userId, fileId, sessionId, messageId, name, type, path, isStored: true };
  const row = await ports.files.create(file);
  if (row.id !== fileId) return { row, isNew: false };
  try {
    const metered = meter(content, max_bytes);
    for await (const _ of metered.stream);
    const stored = await ports.files.store(fileId, metered.measure());
    return { row: stored, isNew: stored.id === fileId };
  } catch (error) {
    throw await giveUp(ports, { fileId, path }, error);
  }
}

async function openObject(
  { storage }: FilePorts,
  path: string,
): Promise<ReadableStream<Uint8Array>> {
  try {
    return await storage.open(path);
  } catch (cause) {
    if (cause instanceof StorageFailure) throw new AppError("object_not_found", { cause });
    throw cause;
  }
}
