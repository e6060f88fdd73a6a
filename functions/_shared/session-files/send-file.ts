import { toStreamingFile } from "openai";
import { retryOnce } from "../openai/retry-once.ts";
import type { FileRow } from "./file-database.ts";
import { extensionOf, isImage } from "./file-kinds.ts";
import { remoteName } from "./file-names.ts";
import type { FilePorts } from "./file-ports.ts";
import { verifyContent } from "./verify-content.ts";

/**
 * Sends a stored file to OpenAI and stores its id there. Returns null when the row was deleted meanwhile. Throws a
 * ContentChangedError when the bytes in Storage do not match the row.
 */
export async function sendFile(ports: FilePorts, row: FileRow): Promise<string | null> {
  const { files } = ports;
  const id = await retryOnce(() => sendContent(ports, row));
  try {
    return await files.setOpenAIFile(row.id, id) ? id : null;
  } catch (error) {
    await files.abandon("file", id);
    throw error;
  }
}

/**
 * Sends the bytes to OpenAI while they are read; the SDK encodes a streaming file lazily. The bytes are read twice,
 * because OpenAI must not receive even the beginning of a changed file.
 */
async function sendContent(
  { storage, openai, project, signal }: FilePorts,
  row: FileRow,
): Promise<string> {
  const { id: fileId, file_name, file_type } = row;
  const purpose = isImage(file_type) ? "vision" : "assistants";
  const name = remoteName(
    { id: fileId, name: file_name, extension: extensionOf(file_type) },
    project,
  );
  const before = verifyContent(await storage.open(row.storage_path), row.sha256);
  await before.stream.pipeTo(new WritableStream(), { signal });
  const content = verifyContent(await storage.open(row.storage_path), row.sha256);
  try {
    const file = toStreamingFile(content.stream, name, { type: file_type });
    return (await openai.files.create({ file, purpose })).id;
  } catch (error) {
    // After an early failure the rest is unread, which would keep the connection to Storage open.
    await content.stream.cancel().catch(() => {});
    throw content.failure ?? error;
  }
}
