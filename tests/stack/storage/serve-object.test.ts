import { mkdtemp, readdir, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type FileStore, openFileStore } from "../../../local/storage/objects/file-store.ts";
import type { StoredObject } from "../../../local/storage/objects/objects.ts";
import { serveObject } from "../../../local/storage/objects/serve-object.ts";
import { StorageError } from "../../../local/storage/http/storage-error.ts";

const request = new Request("http://127.0.0.1/storage/v1/object/bucket/name");
let directory: string;
let files: FileStore;

beforeEach(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), "parley-storage-"));
  files = await openFileStore(directory);
});
afterEach(() => rm(directory, { recursive: true }));

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** Creates a row and the bytes of a file with this text. */
async function makeRow(text: string): Promise<StoredObject> {
  const { version, size, eTag } = await files.receive(bytes(text), 100);
  const now = new Date();
  return {
    id: "0",
    name: "name",
    bucket_id: "bucket",
    version,
    metadata: {
      eTag,
      size,
      mimetype: "text/plain",
      cacheControl: "no-cache",
      lastModified: now.toISOString(),
      contentLength: size,
      httpStatusCode: 200,
    },
    user_metadata: null,
    created_at: now,
    updated_at: now,
    last_accessed_at: now,
  };
}

describe("an object that changes between its row and its bytes", () => {
  it("is served in its new version if it was replaced", async () => {
    const [older, newer] = [await makeRow("old"), await makeRow("newer")];
    const rows = [older, newer];
    await files.remove([older.version]);
    const response = await serveObject(
      files,
      request,
      () => Promise.resolve(rows.shift() ?? newer),
    );
    expect(response.headers.get("content-length")).toBe("5");
    expect(await response.text()).toBe("newer");
  });

  it("is not found if it was removed", async () => {
    const rows = [await makeRow("old")];
    await files.remove(rows.map(({ version }) => version));
    const find = async () => await rows.shift() ?? Promise.reject(new StorageError("NoSuchKey"));
    await expect(serveObject(files, request, find)).rejects.toMatchObject({ code: "NoSuchKey" });
  });

  it("is not found, after a limited search, if its bytes are lost", async () => {
    const row = await makeRow("lost");
    await files.remove([row.version]);
    await expect(serveObject(files, request, () => Promise.resolve(row)))
      .rejects.toMatchObject({ code: "NoSuchKey" });
  });
});

describe("the file store", () => {
  it("removes half-received files of a killed stack when it starts", async () => {
    const kept = await files.receive(bytes("kept"), 100);
    const stuck = files.receive(stall(), 100);
    const received = () => readdir(path.join(directory, "incoming"));
    await vi.waitFor(async () => expect(await received()).toHaveLength(1));
    files = await openFileStore(directory);
    expect(await received()).toEqual([]);
    expect(await readdir(path.join(directory, "objects"))).toEqual([kept.version]);
    proceed();
    await expect(stuck).rejects.toThrow();
  });

  it("opens only file names that are versions", async () => {
    for (const name of ["../keys.json", "/etc/passwd", "x", ""]) {
      await expect((async () => await files.open(name))()).rejects.toThrow();
    }
  });

  let proceed: () => void;

  async function* stall(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("half");
    await new Promise<void>((resolve) => proceed = resolve);
  }
});
