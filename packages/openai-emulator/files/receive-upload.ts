import { pipeline } from "node:stream/promises";
import { Busboy, type BusboyFileStream, type BusboyInstance } from "@fastify/busboy";
import { ApiError } from "../http/api-error.ts";

/** OpenAI accepts files of up to 512 MB (https://platform.openai.com/docs/api-reference/files/create). */
const LARGEST_FILE = 512 * 1024 * 1024;

/** The fields of a form, and its file if it has one. */
export interface Upload {
  fields: Record<string, string>;
  file: { name: string; bytes: number } | null;
}

/**
 * Reads a multipart form and passes the bytes of its part `file` to `write` when they arrive. Throws a 400 if
 * the form is incomplete and a 413 if the file is too large.
 */
export async function receiveUpload(
  { headers, body }: Request,
  write: (content: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<Upload> {
  const form = openForm(headers);
  const fields: Upload["fields"] = {};
  let content: BusboyFileStream | undefined;
  let written: Promise<void> = Promise.resolve();
  let name = "";
  form.on("field", (field, value) => {
    fields[field] = value;
  });
  form.on("file", (field, stream, filename) => {
    // If the form ends inside a part, only the stream of that part reports an error.
    stream.on("error", (error) => form.destroy(error));
    if (field !== "file" || content) return stream.resume();
    [content, name] = [stream, filename];
    written = write(stream);
    written.catch((error) => form.destroy(error));
  });
  await pipeline(chunksOf(body), form).catch(async () => {
    content?.destroy();
    await written.catch(() => {});
    throw new ApiError(400, "Could not parse multipart form.");
  });
  await written;
  return { fields, file: content ? { name, bytes: measure(content) } : null };
}

function openForm(headers: Headers): BusboyInstance {
  const contentType = headers.get("content-type") ?? "";
  if (/^multipart\/form-data\s*;.*boundary=/i.test(contentType)) {
    const limits = { fileSize: LARGEST_FILE };
    return new Busboy({ headers: { "content-type": contentType }, limits });
  }
  throw new ApiError(400, "Expected a body of type multipart/form-data with a boundary.");
}

function measure({ bytesRead, truncated }: BusboyFileStream): number {
  if (!truncated) return bytesRead;
  const message = `Maximum content size limit (${LARGEST_FILE}) exceeded.`;
  throw new ApiError(413, message, { type: "server_error" });
}

async function* chunksOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (body) yield* body;
}
