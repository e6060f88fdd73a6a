import { StorageApiError, type SupabaseClient } from "@supabase/supabase-js";

/** The bucket of all uploads. */
const BUCKET = "chat-files";

/** A request to Storage failed. */
export class StorageFailure extends Error {
  override readonly name = "StorageFailure";

  /** True if the object does not exist. Storage has told that with the HTTP status 400 and a 404 in the body. */
  get isMissing(): boolean {
    const { cause } = this;
    return cause instanceof StorageApiError && (cause.status === 404 || cause.statusCode === "404");
  }
}

/** An object and the name of its file for people. */
export interface NamedObject {
  path: string;
  name: string;
}

/** The bytes of files, always streamed. A path that has no URL of its own is never requested. */
export interface FileStorage {
  /**
   * Stores bytes as they arrive. Rejects with a StorageFailure; then no object exists. With `replaces`, an object that
   * an earlier attempt has stored there is replaced. The metadata of the object has the `name`, which its path lacks.
   */
  put(
    path: string,
    content: ReadableStream<Uint8Array>,
    type: string,
    options?: { name?: string; replaces?: boolean },
  ): Promise<void>;
  /** Moves an object to a name that none has. Rejects with a StorageFailure. */
  move(from: string, to: string): Promise<void>;
  /** Returns the bytes of an object as a stream. Rejects with a StorageFailure. */
  open(path: string): Promise<ReadableStream<Uint8Array>>;
  /**
   * Returns links to objects by path, which work for `seconds`. They download the object under its name, because
   * Storage would show an SVG or a script in the browser. An object that is missing or has no URL of its own gets none.
   * Rejects with a StorageFailure.
   */
  sign(objects: NamedObject[], seconds: number): Promise<Map<string, string>>;
  /**
   * Removes objects; a missing object counts as removed. The paths are sent in the body and compared as they are, so an
   * object without a URL of its own can be removed too. Rejects with a StorageFailure.
   */
  remove(paths: string[]): Promise<void>;
}

/** Creates the file storage of a client: the whole bucket with the secret key, or the own folder as a user. */
export function createFileStorage(admin: SupabaseClient): FileStorage {
  const bucket = admin.storage.from(BUCKET);
  return {
    async put(path, content, type, { name, replaces = false } = {}) {
      const headers = name === undefined ? undefined : { "x-metadata": encodeMetadata({ name }) };
      // With `duplex`, fetch sends the stream while it is read.
      const options = { contentType: type, duplex: "half", upsert: replaces, headers };
      const { error } = await bucket.upload(requireAddress(path), content, options);
      if (error) throw new StorageFailure("upload", { cause: error });
    },
    async move(from, to) {
      requireAddress(from);
      const { error } = await bucket.move(from, to);
      if (error) throw new StorageFailure("move", { cause: error });
    },
    async open(path) {
      const { data, error } = await bucket.download(requireAddress(path)).asStream();
      if (error) throw new StorageFailure("download", { cause: error });
      return data;
    },
    async sign(objects, seconds) {
      const names = new Map(
        objects.filter(({ path }) => toAddress(path) !== null).map((
          { path, name },
        ) => [path, name]),
      );
      if (names.size === 0) return new Map();
      const { data, error } = await bucket.createSignedUrls([...names.keys()], seconds);
      if (error) throw new StorageFailure("sign", { cause: error });
      return new Map(
        data.flatMap(({ path, signedUrl }) =>
          path && signedUrl && leadsTo(signedUrl, path)
            ? [[path, asDownload(signedUrl, names.get(path) ?? "")]]
            : []
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
 * Returns an object's path with every segment escaped, because storage-js puts the path into the URL unchanged. Returns
 * null when the URL would name another object: URL parsers collapse dots, and storage-js drops empty segments.
 */
function toAddress(path: string): string | null {
  const segments = path.split("/");
  if (segments.includes("") || !path.isWellFormed()) return null;
  const address = segments.map(encodeURIComponent).join("/");
  const intended = `/${BUCKET}/${address}`;
  return new URL(intended, "http://storage").pathname === intended ? address : null;
}

/** Encodes metadata as Storage reads it. Without Node's Buffer, storage-js could not encode a name in Unicode. */
function encodeMetadata(metadata: Record<string, string>): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(metadata))));
}

function requireAddress(path: string): string {
  const address = toAddress(path);
  if (address === null) throw new StorageFailure("path without an address");
  return address;
}

/** Storage reads the name from the address, and its signature covers only the path. */
function asDownload(url: string, name: string): string {
  return `${url}&download=${encodeURIComponent(name.toWellFormed())}`;
}

/** Returns true if a link leads to this object: storage-js escapes a link of Storage as a whole, not by segment. */
function leadsTo(url: string, path: string): boolean {
  return decodeURIComponent(new URL(url).pathname).endsWith(`/object/sign/${BUCKET}/${path}`);
}
