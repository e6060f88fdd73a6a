import type OpenAI from "openai";
import { APIError, toStreamingFile } from "openai";
import { describeMisconfiguration } from "../openai/describe-misconfiguration.ts";
import { retryOnce } from "../openai/retry-once.ts";
import { isGone } from "../openai/store-lost.ts";
import type { FileRow } from "./file-database.ts";
import { extensionOf, isImage } from "./file-kinds.ts";
import { remoteName } from "./file-names.ts";
import type { FilePorts } from "./file-ports.ts";
import { prepareContent } from "./prepare-content.ts";
import { recodeText } from "./recode-text.ts";
import { type VerifiedContent, verifyContent } from "./verify-content.ts";

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
 * Returns the id of a file at OpenAI. Sends the file as `sendFile` does if OpenAI does not have it, or has lost it.
 */
export async function ensureSent(ports: FilePorts, row: FileRow): Promise<string | null> {
  const { openai_file_id: id } = row;
  if (id === null) return await sendFile(ports, row);
  try {
    await retryOnce(() => ports.openai.files.retrieve(id));
    return id;
  } catch (error) {
    if (!isGone(error)) throw error;
    ports.log.info("file_sent_again", { file_id: row.id });
    return await sendFile(ports, row);
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
    throw await findCause(openai, content, error);
  }
}

/**
 * Returns why an upload failed. A refusal of OpenAI explains it. Without one, the bytes may have changed while they
 * were sent. If OpenAI refuses the key, it may close the connection before it has read the file, and the refusal is
 * lost. A small request then gets it.
 */
async function findCause(
  openai: OpenAI,
  content: VerifiedContent,
  error: unknown,
): Promise<unknown> {
  if (error instanceof APIError && error.status !== undefined) return error;
  if (content.failure) return content.failure;
  try {
    await openai.files.list({ limit: 1 });
    return error;
  } catch (refusal) {
    return describeMisconfiguration(refusal) ? refusal : error;
  }
}
