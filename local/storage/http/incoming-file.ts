import * as z from "zod";
import { readFormFile } from "./multipart.ts";
import { StorageError } from "./storage-error.ts";

/** The file of an upload. Its bytes are not read yet. */
export interface IncomingFile {
  mimetype: string;
  cacheControl: string;
  userMetadata: Record<string, unknown> | null;
  content: AsyncIterable<Uint8Array>;
  /**
   * False for a body without `content-length`, of which Supabase does not check the size.
   * Source: https://github.com/supabase/storage/blob/master/src/storage/uploader.ts
   */
  hasLength: boolean;
}

const DEFAULT_TYPE = "application/octet-stream";
const UserMetadata = z.record(z.string(), z.unknown());

/** Reads the file of an upload. storage-js sends a Blob or a form as multipart, and anything else as the body. */
export async function readIncomingFile({ headers, body }: Request): Promise<IncomingFile> {
  const type = headers.get("content-type") ?? DEFAULT_TYPE;
  if (type.startsWith("multipart/form-data")) return await readForm(type, chunksOf(body));
  return {
    mimetype: type,
    cacheControl: headers.get("cache-control") ?? "no-cache",
    userMetadata: readMetadataHeader(headers),
    content: chunksOf(body),
    hasLength: headers.has("content-length"),
  };
}

/** Reads the `x-metadata` header: JSON in base64. */
export function readMetadataHeader(headers: Headers): Record<string, unknown> | null {
  return parseMetadata(Buffer.from(headers.get("x-metadata") ?? "", "base64").toString());
}

/** Reads the rest of the content, because a client that is still sending would not see the response. */
export async function discard(content: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const _ of content);
  } catch {
    // The client has disconnected and cannot receive the response.
  }
}

async function readForm(type: string, chunks: AsyncIterable<Uint8Array>): Promise<IncomingFile> {
  const boundary = /boundary="?([^";]+)/i.exec(type)?.[1];
  if (!boundary) throw new StorageError("InvalidRequest", "The form names no boundary");
  const { fields, contentType, content } = await readFormFile(chunks, boundary);
  const maxAge = fields.get("cacheControl");
  return {
    mimetype: fields.get("contentType") || contentType || DEFAULT_TYPE,
    cacheControl: maxAge ? `max-age=${maxAge}` : "no-cache",
    userMetadata: parseMetadata(fields.get("metadata") ?? fields.get("userMetadata") ?? ""),
    content,
    hasLength: true,
  };
}

/** Parses metadata. Returns null when it is not a JSON object: Supabase Storage then stores the file without it. */
function parseMetadata(text: string): Record<string, unknown> | null {
  try {
    return UserMetadata.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

async function* chunksOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array> {
  if (body) yield* body;
}
