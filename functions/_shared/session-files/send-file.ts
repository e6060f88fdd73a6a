import { toStreamingFile } from "openai";
import { retryOnce } from "../openai/retry-once.ts";
import type { FileRow } from "./file-database.ts";
import { extensionOf, isImage } from "./file-kinds.ts";
import { remoteName } from "./file-names.ts";
import type { FilePorts } from "./file-ports.ts";

/**
 * Gives a stored file to OpenAI and saves its id there. Null when the row went meanwhile. The bytes go through as they
 * are read: the SDK encodes a streaming file lazily, nothing holds the whole.
 */
export async function sendFile(
  { files, storage, openai, project }: FilePorts,
  row: FileRow,
): Promise<string | null> {
  const { id: fileId, file_name, file_type } = row;
  const purpose = isImage(file_type) ? "vision" : "assistants";
  const name = remoteName(
    { id: fileId, name: file_name, extension: extensionOf(file_type) },
    project,
  );
  const { id } = await retryOnce(async () => {
    const content = await storage.open(row.storage_path);
    try {
      const file = toStreamingFile(content, name, { type: file_type });
      return await openai.files.create({ file, purpose });
    } catch (error) {
      // An upload that failed early leaves the rest unread, and the connection open.
      await content.cancel().catch(() => {});
      throw error;
    }
  });
  try {
    return await files.setOpenAIFile(row.id, id) ? id : null;
  } catch (error) {
    await files.abandon("file", id);
    throw error;
  }
}
