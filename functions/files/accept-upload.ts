import { UploadFields } from "../../types/api.ts";
import { AppError } from "../_shared/http/errors.ts";
import { collectionOf } from "../_shared/session-files/collection.ts";
import {
  examineKind,
  type FileKind,
  SAMPLE_BYTES,
  SUPPORTED_EXTENSIONS,
} from "../_shared/session-files/file-kinds.ts";
import { fileFailure } from "../_shared/session-files/file-failures.ts";
import { displayName, objectPath } from "../_shared/session-files/file-names.ts";
import type { FileRow, NewFile } from "../_shared/session-files/file-database.ts";
import type { FilePorts } from "../_shared/session-files/file-ports.ts";
import { parseBody } from "../_shared/http/create-function.ts";
import { describeError } from "../_shared/http/log.ts";
import { meter, peek, TooManyBytesError } from "../_shared/session-files/read-content.ts";
import type { FormFields } from "./read-form.ts";
import type { IncomingUpload } from "./receive-upload.ts";

/** A stored file. It is not new when its session or assistant already had a file with the same bytes. */
export interface AcceptedFile {
  row: FileRow;
  isNew: boolean;
}

/**
 * Stores the file of a form and creates its row. After a failure, a row or the outbox names everything that was stored,
 * so that it can be deleted. Throws an AppError.
 */
export async function acceptUpload(
  ports: FilePorts,
  userId: string,
  upload: IncomingUpload,
): Promise<AcceptedFile> {
  // Fields may follow the file in the form. The bytes are then stored before the session or assistant is known.
  const early = isNamed(upload.fields) ? parseFields(upload.fields) : undefined;
  const { folder, max_bytes } = await ports.files.openUpload(userId, early);
  const { sample, content } = await peek(upload.content, SAMPLE_BYTES);
  const kind = requireKind(upload.fileName, sample);
  const fileId = crypto.randomUUID();
  const name = displayName(upload.fileName);
  const path = objectPath(folder, name, kind.extension);
  const file = { userId, fileId, name, type: kind.type, path };
  let row = early && await ports.files.create({ ...file, ...early });
  try {
    const measured = await storeContent(ports, { ...file, content }, max_bytes);
    const fields = parseFields(await upload.end());
    if (early && fields.messageId !== early.messageId) throw messageTooLate();
    row ??= await createLate(ports, { ...file, ...fields }, kind.extension);
    if (row.storage_path !== path) await ports.storage.move(path, row.storage_path);
    const stored = await ports.files.store(row.id, measured);
    return { row: stored, isNew: stored.id === fileId };
  } catch (error) {
    throw await giveUp(ports, { path, fileId: row?.id }, error);
  }
}

/**
 * Returns the kind of a file. Throws `empty_file`, `unsupported_file_type`, `unknown_encoding` and `encrypted`.
 */
export function requireKind(fileName: string, sample: Uint8Array): FileKind {
  if (sample.byteLength === 0) throw new AppError("empty_file");
  const kind = examineKind(fileName, sample);
  if (typeof kind !== "string") return kind;
  const isUnsupported = kind === "unsupported_file_type";
  throw new AppError(kind, isUnsupported ? { details: { supported: SUPPORTED_EXTENSIONS } } : {});
}

/**
 * Undoes a failed upload. A refused upload leaves no row; any other failure leaves a failed row with the reason.
 * Returns the error for the client.
 */
export async function giveUp(
  { files, log }: FilePorts,
  { fileId, path }: { fileId: string | undefined; path: string },
  error: unknown,
): Promise<AppError> {
  const refusal = error instanceof AppError
    ? error
    : new AppError("upload_failed", { cause: error });
  const isBroken = refusal.code === "invalid_form" || refusal.code === "request_timeout";
  try {
    if (fileId === undefined) await files.abandon("object", path);
    else if (refusal.status < 500 && !isBroken) await files.drop(fileId);
    else await files.fail(fileId, fileFailure(isBroken ? "upload_interrupted" : "upload_failed"));
  } catch (cause) {
    // The clean-up finds the row, or the object that no row names.
    log.error("upload_not_undone", { file_id: fileId, ...describeError(cause) });
  }
  return refusal;
}

/** Stores bytes as they arrive. Throws `file_too_large`, `invalid_form` for an incomplete file, and StorageFailure. */
async function storeContent(
  { storage }: FilePorts,
  { content, path, type, name }: Pick<NewFile, "path" | "type" | "name"> & {
    content: AsyncIterable<Uint8Array>;
  },
  maxBytes: number | null,
): Promise<{ size: number; sha256: string }> {
  const metered = meter(content, maxBytes);
  try {
    await storage.put(path, metered.stream, type, { name });
    return await metered.measure();
  } catch (error) {
    const { failure } = metered;
    if (failure instanceof TooManyBytesError) {
      throw new AppError("file_too_large", { details: { max_bytes: maxBytes } });
    }
    if (failure instanceof AppError) throw failure;
    throw failure === undefined ? error : new AppError("invalid_form", { cause: failure });
  }
}

/** Creates the row of a file that is stored already. A file of an assistant must leave the folder of its admin. */
async function createLate(
  { files }: FilePorts,
  file: NewFile,
  extension: string,
): Promise<FileRow> {
  const { userId, collection, name, path } = file;
  const { profile_id, folder } = await files.openUpload(userId, { collection });
  return folder === profile_id
    ? await files.create({ ...file, isStored: true })
    : await files.create({
      ...file,
      path: objectPath(folder, name, extension),
      uploadedAs: path,
    });
}

/** The row was made with the fields before the file, so a later one would be lost. */
function messageTooLate(): AppError {
  return new AppError("invalid_request", {
    message: "The form has message_id after the file. Send it before the file, as session_id.",
  });
}

function isNamed(fields: FormFields): boolean {
  return "session_id" in fields || "assistant_slug" in fields;
}

function parseFields(fields: FormFields): Pick<NewFile, "collection" | "messageId"> {
  const { message_id, ...collection } = parseBody(UploadFields, fields);
  return { collection: collectionOf(collection), messageId: message_id };
}
