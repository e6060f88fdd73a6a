import { createHash, randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { constants, copyFile, type FileHandle, mkdir, open, rename, rm } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import * as z from "zod";
import { StorageError } from "../http/storage-error.ts";

/** A file on disk. It never changes: a new version of an object is a new file. */
export interface StoredFile {
  /** The name of the file. The object's row holds it. */
  version: string;
  /** In bytes. */
  size: number;
  /** The MD5 hash of the bytes, in quotes as in S3. */
  eTag: string;
}

/** Stores the bytes of objects under generated names. Names from clients are never used as file names. */
export interface FileStore {
  /** Streams content to disk. Rejects with `EntityTooLarge` above `limit` bytes. A failure leaves no file behind. */
  receive(content: AsyncIterable<Uint8Array>, limit: number): Promise<StoredFile>;
  /** Opens a version for reading. Rejects with `NoSuchKey` when it does not exist. */
  open(version: string): Promise<FileHandle>;
  /** Copies a version. Returns the version of the copy. Rejects with `NoSuchKey` when the source does not exist. */
  copy(version: string): Promise<string>;
  /** Removes versions. Ignores versions that do not exist. */
  remove(versions: string[]): Promise<void>;
}

/** Opens the store in a directory. Removes incomplete uploads, which a killed stack may have left. */
export async function openFileStore(directory: string): Promise<FileStore> {
  const incoming = path.join(directory, "incoming");
  const complete = path.join(directory, "objects");
  await rm(incoming, { recursive: true, force: true });
  await Promise.all(
    [incoming, complete].map((folder) => mkdir(folder, { recursive: true, mode: 0o700 })),
  );
  // The version is checked, because it comes from a row that any SQL may have written.
  const file = (version: string) => path.join(complete, z.uuid().parse(version));

  return {
    async receive(content, limit) {
      const version = randomUUID();
      const temporary = path.join(incoming, version);
      try {
        const measured = await write(content, temporary, limit);
        await rename(temporary, file(version));
        return { version, ...measured };
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    },
    open: async (version) => await open(file(version)).catch(refuseMissing),
    async copy(version) {
      const copied = randomUUID();
      await copyFile(file(version), file(copied), constants.COPYFILE_FICLONE).catch(refuseMissing);
      return copied;
    },
    async remove(versions) {
      await Promise.all(versions.map((version) => rm(file(version), { force: true })));
    },
  };
}

function refuseMissing(error: NodeJS.ErrnoException): never {
  throw error.code === "ENOENT" ? new StorageError("NoSuchKey") : error;
}

async function write(
  content: AsyncIterable<Uint8Array>,
  target: string,
  limit: number,
): Promise<{ size: number; eTag: string }> {
  const hash = createHash("md5");
  let size = 0;
  await pipeline(content, async function* (chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      size += chunk.length;
      // The rest is read, too: a client that is still sending would not see the refusal.
      if (size > limit) continue;
      hash.update(chunk);
      yield chunk;
    }
  }, createWriteStream(target));
  if (size > limit) throw new StorageError("EntityTooLarge");
  return { size, eTag: `"${hash.digest("hex")}"` };
}
