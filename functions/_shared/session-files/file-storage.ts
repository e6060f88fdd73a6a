import type { SupabaseClient } from "@supabase/supabase-js";

/** The bucket of all uploads. */
const BUCKET = "chat-files";

/** Storage did not do what it was asked. */
export class StorageFailure extends Error {
  override readonly name = "StorageFailure";
}

/** The bytes of files; nothing here holds a whole one. */
export interface FileStorage {
  /** Stores bytes as they come. Rejects with a StorageFailure, and then no object is there. */
  put(path: string, content: ReadableStream<Uint8Array>, type: string): Promise<void>;
  /** The bytes of an object as they are read. Rejects with a StorageFailure. */
  open(path: string): Promise<ReadableStream<Uint8Array>>;
  /** Links to objects that are good for `seconds`, by path; none for what is not there. Rejects with a StorageFailure. */
  sign(paths: string[], seconds: number): Promise<Map<string, string>>;
  /** Removes objects; one that is not there counts as removed. Rejects with a StorageFailure. */
  remove(paths: string[]): Promise<void>;
}

/** The bucket as the client sees it: all of it with the secret key, a user's own folder as the user. */
export function createFileStorage(admin: SupabaseClient): FileStorage {
  const bucket = admin.storage.from(BUCKET);
  return {
    async put(path, content, type) {
      // `duplex` makes fetch send the stream as it comes.
      const options = { contentType: type, duplex: "half" };
      const { error } = await bucket.upload(path, content, options);
      if (error) throw new StorageFailure("upload", { cause: error });
    },
    async open(path) {
      const { data, error } = await bucket.download(path).asStream();
      if (error) throw new StorageFailure("download", { cause: error });
      return data;
    },
    async sign(paths, seconds) {
      const { data, error } = await bucket.createSignedUrls(paths, seconds);
      if (error) throw new StorageFailure("sign", { cause: error });
      return new Map(
        data.flatMap(({ path, signedUrl }) => path && signedUrl ? [[path, signedUrl]] : []),
      );
    },
    async remove(paths) {
      const { error } = await bucket.remove(paths);
      if (error) throw new StorageFailure("remove", { cause: error });
    },
  };
}
