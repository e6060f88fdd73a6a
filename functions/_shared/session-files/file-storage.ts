import type { SupabaseClient } from "@supabase/supabase-js";

/** The bucket of all uploads. */
const BUCKET = "chat-files";

/** Storage did not do what it was asked. */
export class StorageFailure extends Error {
  override readonly name = "StorageFailure";
}

/** The bytes of files; nothing here holds a whole one. No request is made for a path without an address of its own. */
export interface FileStorage {
  /** Stores bytes as they come. Rejects with a StorageFailure, and then no object is there. */
  put(path: string, content: ReadableStream<Uint8Array>, type: string): Promise<void>;
  /** The bytes of an object as they are read. Rejects with a StorageFailure. */
  open(path: string): Promise<ReadableStream<Uint8Array>>;
  /**
   * Links to objects that are good for `seconds`, by path; none for what is not there or has no address of its own.
   * Rejects with a StorageFailure.
   */
  sign(paths: string[], seconds: number): Promise<Map<string, string>>;
  /**
   * Removes objects; one that is not there counts as removed. Rejects with a StorageFailure. The names travel in the
   * body and are compared as they are, so objects without an address of their own can be removed too.
   */
  remove(paths: string[]): Promise<void>;
}

/** The bucket as the client sees it: all of it with the secret key, a user's own folder as the user. */
export function createFileStorage(admin: SupabaseClient): FileStorage {
  const bucket = admin.storage.from(BUCKET);
  return {
    async put(path, content, type) {
      // `duplex` makes fetch send the stream as it comes.
      const options = { contentType: type, duplex: "half" };
      const { error } = await bucket.upload(requireAddress(path), content, options);
      if (error) throw new StorageFailure("upload", { cause: error });
    },
    async open(path) {
      const { data, error } = await bucket.download(requireAddress(path)).asStream();
      if (error) throw new StorageFailure("download", { cause: error });
      return data;
    },
    async sign(paths, seconds) {
      const addressable = paths.filter((path) => toAddress(path) !== null);
      if (addressable.length === 0) return new Map();
      const { data, error } = await bucket.createSignedUrls(addressable, seconds);
      if (error) throw new StorageFailure("sign", { cause: error });
      return new Map(
        data.flatMap(({ path, signedUrl }) =>
          path && signedUrl && leadsTo(signedUrl, path) ? [[path, signedUrl]] : []
        ),
      );
    },
    async remove(paths) {
      const { error } = await bucket.remove(paths);
      if (error) throw new StorageFailure("remove", { cause: error });
    },
  };
}

/**
 * Returns an object's path with every segment escaped, as it belongs into an address: storage-js puts it there as it
 * gets it. Null when the address would be another one, since parsers of URLs collapse dots and storage-js drops empty
 * segments.
 */
function toAddress(path: string): string | null {
  const segments = path.split("/");
  if (segments.includes("") || !path.isWellFormed()) return null;
  const address = segments.map(encodeURIComponent).join("/");
  const intended = `/${BUCKET}/${address}`;
  return new URL(intended, "http://storage").pathname === intended ? address : null;
}

function requireAddress(path: string): string {
  const address = toAddress(path);
  if (address === null) throw new StorageFailure("path without an address");
  return address;
}

/** True when a link is to this very object: storage-js escapes what Storage answers as a whole, not by segment. */
function leadsTo(url: string, path: string): boolean {
  return decodeURIComponent(new URL(url).pathname).endsWith(`/object/sign/${BUCKET}/${path}`);
}
