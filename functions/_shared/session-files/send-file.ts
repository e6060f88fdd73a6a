import { toStreamingFile } from "openai";
import { retryOnce } from "../openai/retry-once.ts";
import type { FileRow } from "./file-database.ts";
import { extensionOf, isImage } from "./file-kinds.ts";
import { remoteName } from "./file-names.ts";
import type { FilePorts } from "./file-ports.ts";
import { prepareContent } from "./prepare-content.ts";
import { recodeText } from "./recode-text.ts";
import { verifyContent } from "./verify-content.ts";

/**
 * Sends a stored file to OpenAI and stores its id there. Returns null when the row was deleted meanwhile. Throws a
 * ContentChangedError when the bytes in Storage do not match the row, and an UnreadableFileError.
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
 * because OpenAI must not receive even the beginning of a changed file. A converted file is sent as a whole text.
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
  const stored = before.stream.pipeThrough(new TransformStream(), { signal });
  const prepared = await prepareContent(file_type, stored);
  if ("text" in prepared) {
    const file = new File([prepared.text], name, { type: "text/markdown" });
    return (await openai.files.create({ file, purpose })).id;
  }
  const content = verifyContent(await storage.open(row.storage_path), row.sha256);
  const { encoding } = prepared;
  const sent = encoding === null ? content.stream : recodeText(content.stream, encoding);
  try {
    const file = toStreamingFile(sent, name, { type: file_type });
    return (await openai.files.create({ file, purpose })).id;
  } catch (error) {
    // After an early failure the rest is unread, which would keep the connection to Storage open.
    await sent.cancel().catch(() => {});
    throw content.failure ?? error;
  }
}
