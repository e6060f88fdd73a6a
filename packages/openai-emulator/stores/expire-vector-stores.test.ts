import type OpenAI from "openai";
import { describe, expect, it } from "vitest";
import { POLL, startEmulator, upload } from "../start-test-emulator.ts";

const DAY = 86_400_000;

describe("a vector store expires", () => {
  it("after its days without use; each use postpones that", async () => {
    const { client, objects, clock, store } = await startWithStore();
    const uses = [
      () => client.vectorStores.search(store.id, { query: "refunds" }),
      () => client.responses.create(ask(store.id)),
      async () => {
        const file_id = await upload(client, "b.txt", "More");
        await client.vectorStores.files.create(store.id, { file_id });
      },
    ];
    for (const use of uses) {
      clock.now += 0.9 * DAY;
      await use();
      const { last_active_at, expires_at } = await client.vectorStores.retrieve(store.id);
      expect(last_active_at).toBe(Math.floor(clock.now / 1000));
      expect(expires_at).toBe(Math.floor(clock.now / 1000) + DAY / 1000);
    }
    clock.now += 0.9 * DAY;
    await client.vectorStores.retrieve(store.id);
    clock.now += 0.2 * DAY;
    expect((await client.vectorStores.retrieve(store.id)).status).toBe("expired");
    expect((await objects()).vector_stores).toMatchObject([{ id: store.id, status: "expired" }]);
  });

  it("on command", async () => {
    const { client, control, clock, store } = await startWithStore();
    expect((await control("POST", `/vector_stores/${store.id}/expire`)).status).toBe(200);
    expect(await client.vectorStores.retrieve(store.id))
      .toMatchObject({ status: "expired", expires_at: Math.floor(clock.now / 1000) });
    expect((await control("POST", "/vector_stores/vs_x/expire")).status).toBe(404);
  });
});

describe("a vector store that has expired", () => {
  const uses: [string, (client: OpenAI, id: string, file_id: string) => Promise<unknown>][] = [
    ["a search", (client, id) => client.vectorStores.search(id, { query: "refunds" })],
    ["a response", (client, id) => client.responses.create(ask(id))],
    ["a stream", (client, id) => client.responses.create({ ...ask(id), stream: true })],
    ["attaching", (client, id, file_id) => client.vectorStores.files.create(id, { file_id })],
    [
      "a batch",
      (client, id, file_id) => client.vectorStores.fileBatches.create(id, { file_ids: [file_id] }),
    ],
  ];

  it.each(uses)("refuses %s", async (_, use) => {
    const { client, control, objects, store, fileId } = await startWithStore();
    await control("POST", `/vector_stores/${store.id}/expire`);
    await expect(use(client, store.id, fileId)).rejects.toMatchObject({
      status: 400,
      error: { message: `Vector store '${store.id}' has expired.`, type: "invalid_request_error" },
    });
    const left = await objects();
    expect(left).toMatchObject({ responses: [], vector_stores: [{ status: "expired" }] });
  });

  it("can be retrieved and deleted, and its files remain usable in another", async () => {
    const { client, control, store, fileId } = await startWithStore();
    await control("POST", `/vector_stores/${store.id}/expire`);
    const { data } = await client.vectorStores.files.list(store.id);
    expect(data.map(({ id }) => id)).toEqual([fileId]);
    await client.vectorStores.delete(store.id);
    const again = await client.vectorStores.create({});
    await client.vectorStores.files.createAndPoll(again.id, { file_id: fileId }, POLL);
    const { output_text } = await client.responses.create(ask(again.id));
    expect(output_text).toContain("14 days");
  });
});

async function startWithStore() {
  const clock = { now: 1_800_000_000_000 };
  const emulator = await startEmulator(undefined, () => clock.now);
  const { client } = emulator;
  const store = await client.vectorStores.create({
    expires_after: { anchor: "last_active_at", days: 1 },
  });
  const fileId = await upload(client, "a.txt", "Refunds are paid within 14 days.");
  await client.vectorStores.files.createAndPoll(store.id, { file_id: fileId }, POLL);
  return { ...emulator, clock, store, fileId };
}

function ask(id: string) {
  const tools = [{ type: "file_search" as const, vector_store_ids: [id] }];
  return { model: "gpt-5-mini", input: "When are refunds paid?", tools };
}
