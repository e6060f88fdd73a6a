import { describe, expect, it } from "vitest";
import { indexFile, POLL, startEmulator, upload } from "../start-test-emulator.ts";

const COUNTS = { in_progress: 0, completed: 0, failed: 0, cancelled: 0 };

describe("a vector store", () => {
  it("is created, retrieved, updated and deleted", async () => {
    let now = 1_800_000_000_000;
    const { client, objects } = await startEmulator(undefined, () => now);
    const store = await client.vectorStores.create({
      name: "Session",
      metadata: { session: "1" },
      expires_after: { anchor: "last_active_at", days: 2 },
    });
    expect(store).toMatchObject({
      id: expect.stringMatching(/^vs_\w+$/),
      object: "vector_store",
      name: "Session",
      metadata: { session: "1" },
      status: "completed",
      file_counts: { ...COUNTS, total: 0 },
      usage_bytes: 0,
      created_at: 1_800_000_000,
      last_active_at: 1_800_000_000,
      expires_at: 1_800_172_800,
    });
    now += 1_000;
    expect(await client.vectorStores.retrieve(store.id)).toEqual(store);
    expect(
      await client.vectorStores.update(store.id, {
        name: "Other",
        expires_after: { anchor: "last_active_at", days: 3 },
      }),
    ).toMatchObject({ name: "Other", metadata: { session: "1" }, expires_at: 1_800_259_200 });
    expect(await client.vectorStores.update(store.id, { expires_after: null }))
      .toMatchObject({ name: "Other", expires_after: null, expires_at: null });
    await client.vectorStores.delete(store.id);
    expect((await objects()).vector_stores).toEqual([]);
    await expect(client.vectorStores.retrieve(store.id)).rejects.toMatchObject({
      status: 404,
      error: { message: `No vector store found with id '${store.id}'.` },
    });
  });

  it("is listed page by page, forwards and backwards", async () => {
    const { client } = await startEmulator();
    const made: string[] = [];
    for (let count = 0; count < 5; count++) made.push((await client.vectorStores.create({})).id);
    const listed = await Array.fromAsync(client.vectorStores.list({ limit: 2 }));
    expect(listed.map(({ id }) => id)).toEqual(made.toReversed());
    const back = await client.vectorStores.list({ before: made[0], limit: 2 });
    expect(back.data.map(({ id }) => id)).toEqual([made[2], made[1]]);
    expect(back.has_more).toBe(true);
  });

  it("is created with files", async () => {
    const { client, objects } = await startEmulator();
    const file = await upload(client, "a.txt", "Hello");
    const { id, status } = await client.vectorStores.create({ file_ids: [file] });
    expect(status).toBe("in_progress");
    expect((await objects()).vector_stores).toMatchObject([{ id, file_ids: [file] }]);
    await expect.poll(async () => (await client.vectorStores.retrieve(id)).status)
      .toBe("completed");
    await expect(client.vectorStores.create({ file_ids: ["file-x"] })).rejects
      .toMatchObject({ status: 404 });
  });
});

describe("a file in a vector store", () => {
  it("is in progress, then completed", async () => {
    const { client } = await startEmulator();
    const { id } = await client.vectorStores.create({});
    const file_id = await upload(client, "a.txt", "Hello there");
    const attached = await client.vectorStores.files
      .create(id, { file_id, attributes: { kind: "note" } });
    expect(attached).toMatchObject({
      id: file_id,
      vector_store_id: id,
      status: "in_progress",
      last_error: null,
      attributes: { kind: "note" },
    });
    const file = await client.vectorStores.files.poll(id, file_id, POLL);
    expect(file).toMatchObject({ status: "completed", usage_bytes: 11 });
    expect(await client.vectorStores.retrieve(id)).toMatchObject({
      status: "completed",
      usage_bytes: 11,
      file_counts: { ...COUNTS, completed: 1, total: 1 },
    });
  });

  it("stays in progress for the commanded time", async () => {
    const { client, behave } = await startEmulator();
    await behave({ indexing_ms: 60_000 });
    const { id } = await client.vectorStores.create({});
    const file_id = await upload(client, "a.txt", "Hello");
    await client.vectorStores.files.create(id, { file_id });
    const { status, file_counts } = await client.vectorStores.retrieve(id);
    expect([status, file_counts.in_progress]).toEqual(["in_progress", 1]);

    await behave({});
    const other = await client.vectorStores.files
      .uploadAndPoll(id, new File(["Hello"], "b.txt"), POLL);
    expect(other.status).toBe("completed");
  });

  it("is uploaded and attached by the client's helper, listed by status and changed", async () => {
    const { client } = await startEmulator();
    const { id } = await client.vectorStores.create({});
    const good = await client.vectorStores.files
      .uploadAndPoll(id, new File(["Hello"], "a.txt"), POLL);
    const bad = await client.vectorStores.files
      .uploadAndPoll(id, new File(["Hello"], "a.exe"), POLL);
    expect([good.status, bad.status]).toEqual(["completed", "failed"]);
    const failed = await client.vectorStores.files.list(id, { filter: "failed" });
    expect(failed.data.map((file) => file.id)).toEqual([bad.id]);
    const all = await Array.fromAsync(client.vectorStores.files.list(id, { limit: 1 }));
    expect(all.map((file) => file.id)).toEqual([bad.id, good.id]);
    const changed = await client.vectorStores.files
      .update(good.id, { vector_store_id: id, attributes: { page: 2 } });
    expect(changed.attributes).toEqual({ page: 2 });
  });

  it("is detached without being deleted", async () => {
    const { client } = await startEmulator();
    const { storeId, fileId } = await indexFile(client, "a.txt", "Hello");
    const place = { vector_store_id: storeId };
    expect(await client.vectorStores.files.delete(fileId, place)).toMatchObject({ deleted: true });
    await expect(client.vectorStores.files.retrieve(fileId, place)).rejects.toMatchObject({
      status: 404,
      error: { message: `No file found with id '${fileId}' in vector store '${storeId}'.` },
    });
    expect((await client.files.retrieve(fileId)).id).toBe(fileId);
    expect((await client.vectorStores.retrieve(storeId)).file_counts.total).toBe(0);
  });

  it("is gone from every store when it is deleted or forgotten", async () => {
    const { client, control, objects } = await startEmulator();
    const files = [await upload(client, "a.txt", "Hello"), await upload(client, "b.txt", "Hi")];
    const stores = [
      await client.vectorStores.create({ file_ids: files }),
      await client.vectorStores.create({ file_ids: files }),
    ];
    const [deleted = "", forgotten] = files;
    await client.files.delete(deleted);
    expect((await objects()).vector_stores.map(({ file_ids }) => file_ids))
      .toEqual([[forgotten], [forgotten]]);
    expect((await control("POST", `/files/${forgotten}/forget`)).status).toBe(200);
    expect(await objects()).toMatchObject({
      files: [],
      vector_stores: stores.map(({ id }) => ({ id, file_ids: [] })),
    });
    expect((await control("POST", `/files/${forgotten}/forget`)).status).toBe(404);
  });

  it("is refused if it does not exist, or on command", async () => {
    const { client, behave } = await startEmulator();
    const { id } = await client.vectorStores.create({});
    await expect(client.vectorStores.files.create(id, { file_id: "file-x" })).rejects
      .toMatchObject({ status: 404, error: { message: "No such File object: file-x" } });
    const file_id = await upload(client, "a.txt", "Hello");
    await behave({ fail: { path: `/v1/vector_stores/${id}/files`, status: 503 } });
    await expect(client.vectorStores.files.create(id, { file_id })).rejects
      .toMatchObject({ status: 503 });
  });
});

describe("a file batch", () => {
  it("attaches files together and completes after all of them", async () => {
    const { client } = await startEmulator();
    const { id } = await client.vectorStores.create({});
    const file_ids = [await upload(client, "a.txt", "A"), await upload(client, "b.zip", "B")];
    const batch = await client.vectorStores.fileBatches.createAndPoll(id, { file_ids }, POLL);
    expect(batch).toMatchObject({
      status: "completed",
      vector_store_id: id,
      file_counts: { ...COUNTS, completed: 1, failed: 1, total: 2 },
    });
    const files = await Array.fromAsync(
      client.vectorStores.fileBatches.listFiles(batch.id, { vector_store_id: id, order: "asc" }),
    );
    expect(files.map((file) => file.id)).toEqual(file_ids);
  });

  it("gives each file its own attributes", async () => {
    const { client } = await startEmulator();
    const { id } = await client.vectorStores.create({});
    const file_id = await upload(client, "a.txt", "A");
    await client.vectorStores.fileBatches
      .createAndPoll(id, { files: [{ file_id, attributes: { n: 1 } }] }, POLL);
    const file = await client.vectorStores.files.retrieve(file_id, { vector_store_id: id });
    expect(file.attributes).toEqual({ n: 1 });
  });

  it("is cancelled while its files are in progress", async () => {
    const { client, behave } = await startEmulator();
    await behave({ indexing_ms: 60_000 });
    const { id: vector_store_id } = await client.vectorStores.create({});
    const file_ids = [await upload(client, "a.txt", "A")];
    const { id } = await client.vectorStores.fileBatches.create(vector_store_id, { file_ids });
    const cancelled = await client.vectorStores.fileBatches.cancel(id, { vector_store_id });
    expect(cancelled).toMatchObject({
      status: "cancelled",
      file_counts: { ...COUNTS, cancelled: 1, total: 1 },
    });
  });

  it("attaches nothing when one of its files is unknown", async () => {
    const { client } = await startEmulator();
    const { id } = await client.vectorStores.create({});
    const file_ids = [await upload(client, "a.txt", "A"), "file-x"];
    await expect(client.vectorStores.fileBatches.create(id, { file_ids })).rejects
      .toMatchObject({ status: 404 });
    expect((await client.vectorStores.retrieve(id)).file_counts.total).toBe(0);
    await expect(client.vectorStores.fileBatches.create(id, {})).rejects
      .toMatchObject({ status: 400, param: "file_ids" });
  });
});
