import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
} from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** The bytes of files, on disk under their ids. */
export interface BlobStore {
  /** Streams bytes to disk; the first read happens within this call. A failed write leaves no file behind. */
  write(id: string, content: AsyncIterable<Uint8Array>): Promise<void>;
  read(id: string): Promise<Buffer>;
  stream(id: string): ReadableStream<Uint8Array>;
  /** Removes a blob; does nothing if it does not exist. */
  remove(id: string): Promise<void>;
  /** Removes the folder if it is a temporary one. */
  close(): Promise<void>;
}

/**
 * Creates a store that keeps blobs in `folder`, or in a temporary folder by default. The folder is created
 * with the first blob. Files in `folder` other than `ids` are removed first, because an emulator that was
 * killed may have left them.
 */
export function createBlobStore(
  folder: string | undefined,
  ids: readonly string[],
): BlobStore {
  if (folder !== undefined && existsSync(folder)) removeOthers(folder, ids);
  let opened: string | undefined;
  const place = (id: string) => join(opened ??= openFolder(folder), id);
  const remove = (id: string) => rm(place(id), { force: true });
  return {
    async write(id, content) {
      try {
        await pipeline(content, createWriteStream(place(id)));
      } catch (error) {
        await remove(id);
        throw error;
      }
    },
    read: (id) => readFile(place(id)),
    // The same class at run time; Node and the DOM declare it separately.
    stream: (id) => Readable.toWeb(createReadStream(place(id))) as ReadableStream<Uint8Array>,
    remove,
    async close() {
      if (folder === undefined && opened) await rm(opened, { recursive: true });
    },
  };
}

function removeOthers(folder: string, ids: readonly string[]): void {
  const others = readdirSync(folder).filter((id) => !ids.includes(id));
  for (const id of others) rmSync(join(folder, id));
}

function openFolder(folder: string | undefined): string {
  if (folder === undefined) return mkdtempSync(join(tmpdir(), "openai-emulator-files-"));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}
