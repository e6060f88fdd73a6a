import { Readable } from "node:stream";
import { type ByteRange, matchesETag, readRange } from "../http/conditional-request.ts";
import type { FileStore } from "./file-store.ts";
import type { StoredObject } from "./objects.ts";
import { StorageError } from "../http/storage-error.ts";

/** Answers GET and HEAD for an object, with ranges, `If-None-Match` and the `download` parameter. */
export async function serveObject(
  files: FileStore,
  request: Request,
  find: () => Promise<StoredObject>,
  expires?: Date,
): Promise<Response> {
  let object = await find();
  for (;;) {
    try {
      return await answer(files, request, object, expires);
    } catch (error) {
      if (!(error instanceof StorageError && error.code === "NoSuchKey")) throw error;
      // Another request may have replaced or removed the object after its row was read, so the row is read again.
      const { version } = object;
      object = await find();
      if (object.version === version) throw error;
    }
  }
}

async function answer(
  files: FileStore,
  request: Request,
  { version, metadata, updated_at }: StoredObject,
  expires?: Date,
): Promise<Response> {
  const { eTag, size, mimetype, cacheControl } = metadata;
  const headers = new Headers({ etag: eTag, "last-modified": updated_at.toUTCString() });
  if (expires) headers.set("expires", expires.toUTCString());
  else headers.set("cache-control", cacheControl);
  if (matchesETag(request, eTag)) return new Response(null, { status: 304, headers });

  const range = readRange(request.headers.get("range"), size);
  headers.set("accept-ranges", "bytes");
  // As on Supabase, a page from a user must not run on the API's origin.
  headers.set("content-type", mimetype.includes("text/html") ? "text/plain" : mimetype);
  headers.set("content-length", String(range ? range.end - range.start + 1 : size));
  if (range) headers.set("content-range", `bytes ${range.start}-${range.end}/${size}`);
  const disposition = contentDisposition(new URL(request.url).searchParams.get("download"));
  if (disposition) headers.set("content-disposition", disposition);
  const body = request.method === "HEAD" ? null : await openBody(files, version, range);
  return new Response(body, { status: range ? 206 : 200, headers });
}

async function openBody(
  files: FileStore,
  version: string,
  range: ByteRange | null,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const handle = await files.open(version);
  const stream = Readable.toWeb(handle.createReadStream(range ?? {}));
  // Node and the DOM have separate declarations of this class.
  return stream as ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** Builds the content disposition. Source: https://www.rfc-editor.org/rfc/rfc8187#section-3.2 */
function contentDisposition(fileName: string | null): string | null {
  if (fileName === null) return null;
  if (fileName === "") return "attachment;";
  const encoded = encodeURIComponent(fileName.toWellFormed())
    .replace(/['()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
  return `attachment; filename=${encoded}; filename*=UTF-8''${encoded};`;
}
