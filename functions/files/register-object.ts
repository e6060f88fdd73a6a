import { AppError } from "../_shared/http/errors.ts";
import { collectionOf } from "../_shared/session-files/collection.ts";
import { type FileKind, SAMPLE_BYTES } from "../_shared/session-files/file-kinds.ts";
import { displayName, objectPath } from "../_shared/session-files/file-names.ts";
import type { FileRow } from "../_shared/session-files/file-database.ts";
import type { FilePorts } from "../_shared/session-files/file-ports.ts";
import { StorageFailure } from "../_shared/session-files/file-storage.ts";
import type { RegisterRequest } from "../../types/api.ts";
import { type AcceptedFile, giveUp, requireKind } from "./accept-upload.ts";
import { meter, peek } from "../_shared/session-files/read-content.ts";

/**
 * Creates the file row for an object that the user has put into their folder of the bucket, and moves the object to a
 * name of its own: the user may have a signed address or a slow upload that replaces what has the old name. Registering
 * the object again returns the same file. Throws an AppError.
 */
export async function registerObject(
  ports: FilePorts,
  userId: string,
  request: RegisterRequest,
): Promise<AcceptedFile> {
  try {
    return await registerOnce(ports, userId, request);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "object_not_found") throw error;
    // Another request of the client may just have moved the object. Then its row is found now.
    return await registerOnce(ports, userId, request);
  }
}

async function registerOnce(
  ports: FilePorts,
  userId: string,
  { storage_path: uploadedAs, message_id: messageId, file_name, ...named }: RegisterRequest,
): Promise<AcceptedFile> {
  // The database checks the path before the object is read.
  const collection = collectionOf(named);
  const { folder, max_bytes, file: earlier } = await ports.files.openUpload(userId, {
    collection,
    path: uploadedAs,
  });
  if (earlier) return { row: earlier, isNew: false };
  const name = displayName(file_name ?? uploadedAs);
  const { type, extension } = await readKind(ports, uploadedAs, name);
  const fileId = crypto.randomUUID();
  const path = objectPath(folder, name, extension);
  const file = { userId, fileId, collection, messageId, name, type, path, uploadedAs };
  const row = await ports.files.create(file);
  if (row.id !== fileId) return { row, isNew: false };
  try {
    await found(ports.storage.move(uploadedAs, path));
    const stored = await ports.files.store(fileId, await measure(ports, row, max_bytes));
    return { row: stored, isNew: stored.id === fileId };
  } catch (error) {
    throw await giveUp(ports, { fileId, path }, error);
  }
}

async function readKind({ storage }: FilePorts, path: string, name: string): Promise<FileKind> {
  const { sample, content } = await peek(await found(storage.open(path)), SAMPLE_BYTES);
  // Closes the connection to Storage. The rest is read when nobody can replace it any more.
  for await (const _ of content) break;
  return requireKind(name, sample);
}

/** Measures the moved object. The user may have replaced it until it was moved, also by a file of another kind. */
async function measure(
  { storage }: FilePorts,
  { storage_path, file_name, file_type }: FileRow,
  maxBytes: number | null,
): Promise<{ size: number; sha256: string }> {
  const { sample, content } = await peek(await storage.open(storage_path), SAMPLE_BYTES);
  const metered = meter(content, maxBytes);
  for await (const _ of metered.stream);
  if (requireKind(file_name, sample).type !== file_type) throw new AppError("file_changed");
  return await metered.measure();
}

/** Waits for Storage. Throws `object_not_found` when Storage does not find the object. */
async function found<T>(request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (cause) {
    if (cause instanceof StorageFailure) throw new AppError("object_not_found", { cause });
    throw cause;
  }
}
