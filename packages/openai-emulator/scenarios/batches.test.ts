import { describe, expect, it } from "vitest";
import { POLL, startEmulator, upload } from "../start-test-emulator.ts";

describe("batch_partly_failed", () => {
  it("fails the first files of a batch that completes", async () => {
    const { id, batch, client } = await runBatch({ scenario: "batch_partly_failed", n: 2 });
    expect(batch).toMatchObject({
      status: "completed",
      file_counts: { in_progress: 0, completed: 1, failed: 2, cancelled: 0, total: 3 },
    });
    const files = await client.vectorStores.fileBatches.listFiles(batch.id, {
      vector_store_id: id,
      filter: "failed",
    });
    expect(files.data).toMatchObject([
      { status: "failed", last_error: { code: "server_error" } },
      { status: "failed", last_error: { code: "server_error" } },
    ]);
  });

  it("blames the files on request", async () => {
    const { id, batch, client } = await runBatch({
      scenario: "batch_partly_failed",
      variant: "invalid_file",
    });
    const files = await client.vectorStores.fileBatches.listFiles(batch.id, {
      vector_store_id: id,
      filter: "failed",
    });
    expect(files.data).toMatchObject([{ last_error: { code: "invalid_file" } }]);
  });

  it("leaves the next batch alone after `times`", async () => {
    const { id, client, fileIds } = await runBatch({ scenario: "batch_partly_failed", times: 1 });
    const again = await client.vectorStores.fileBatches
      .createAndPoll(id, { file_ids: fileIds }, POLL);
    expect(again.file_counts).toMatchObject({ completed: 3, failed: 0 });
  });
});

describe("batch_failed", () => {
  it("fails the batch with all of its files", async () => {
    const { batch } = await runBatch({ scenario: "batch_failed" });
    expect(batch).toMatchObject({ status: "failed", file_counts: { completed: 0, failed: 3 } });
  });

  it("cancels the batch with all of its files on request", async () => {
    const { batch } = await runBatch({ scenario: "batch_failed", variant: "cancelled" });
    expect(batch).toMatchObject({
      status: "cancelled",
      file_counts: { completed: 0, cancelled: 3 },
    });
  });
});

async function runBatch(
  behaviour: Parameters<Awaited<ReturnType<typeof startEmulator>>["behave"]>[0],
) {
  const { client, behave } = await startEmulator();
  const { id } = await client.vectorStores.create({});
  const names = ["a.txt", "b.txt", "c.txt"];
  const fileIds = await Promise.all(names.map((name) => upload(client, name, "Hello")));
  await behave(behaviour);
  const batch = await client.vectorStores.fileBatches
    .createAndPoll(id, { file_ids: fileIds }, POLL);
  return { client, id, fileIds, batch };
}
