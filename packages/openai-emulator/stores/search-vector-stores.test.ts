import type { VectorStoreSearchParams } from "openai/resources/vector-stores/vector-stores";
import { describe, expect, it } from "vitest";
import { splitPassages } from "../retrieval/split-passages.ts";
import { indexFile, POLL, startEmulator, upload } from "../start-test-emulator.ts";

const HANDBOOK = [
  "# Handbook",
  "Refunds are paid within 14 days of the return. They go to the card that was charged.",
  "The warehouse ships on weekdays. Parcels to islands take a week longer.",
].join("\n\n");

describe("a search", () => {
  it("finds the passage with the words, also in other forms", async () => {
    const { client } = await startEmulator();
    const { storeId, fileId } = await indexFile(client, "handbook.md", longHandbook());
    const found = await client.vectorStores.search(storeId, { query: "How is a RÉFUND made?" });
    expect(found.data[0]).toMatchObject({
      file_id: fileId,
      filename: "handbook.md",
      attributes: {},
      content: [{ type: "text", text: expect.stringContaining("within 14 days") }],
    });
    const scores = found.data.map(({ score }) => score);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(Math.max(...scores)).toBeLessThan(1);
  });

  it("finds nothing by common words", async () => {
    const { client } = await startEmulator();
    const { storeId } = await indexFile(client, "handbook.md", HANDBOOK);
    const found = await client.vectorStores.search(storeId, {
      query: "What is the weather to you?",
    });
    expect(found.data).toEqual([]);
  });

  it("returns the requested number of results for all queries, each passage once", async () => {
    const { client } = await startEmulator();
    const { storeId } = await indexFile(client, "a.md", longHandbook());
    const all = await client.vectorStores.search(storeId, { query: ["refunds", "refunds paid"] });
    const texts = all.data.map(({ content }) => content[0]?.text);
    expect(new Set(texts).size).toBe(texts.length);
    const one = await client.vectorStores.search(storeId, { query: "day", max_num_results: 1 });
    expect(one.data).toHaveLength(1);
    const none = await client.vectorStores
      .search(storeId, { query: "day", ranking_options: { score_threshold: 1 } });
    expect(none.data).toEqual([]);
  });

  it.each<[NonNullable<VectorStoreSearchParams["filters"]>, string[]]>(
    [
      [{ type: "eq", key: "year", value: 2025 }, ["old.md"]],
      [{ type: "ne", key: "year", value: 2025 }, ["new.md"]],
      [{ type: "gt", key: "year", value: 2025 }, ["new.md"]],
      [{ type: "in", key: "year", value: [2024, 2025] }, ["old.md"]],
      [
        {
          type: "and",
          filters: [
            { type: "gte", key: "year", value: 2025 },
            { type: "eq", key: "draft", value: true },
          ],
        },
        ["new.md"],
      ],
      [
        {
          type: "or",
          filters: [
            { type: "lt", key: "year", value: 2026 },
            { type: "eq", key: "draft", value: true },
          ],
        },
        ["new.md", "old.md"],
      ],
    ],
  )("keeps to the files whose attributes are %o", async (filters, names) => {
    const { client } = await startEmulator();
    const { id } = await client.vectorStores.create({});
    for (const [name, year, draft] of [["old.md", 2025, false], ["new.md", 2026, true]] as const) {
      const file_id = await upload(client, name, HANDBOOK);
      await client.vectorStores.files
        .createAndPoll(id, { file_id, attributes: { year, draft } }, POLL);
    }
    const found = await client.vectorStores.search(id, { query: "refunds", filters });
    expect(found.data.map(({ filename }) => filename).toSorted()).toEqual(names);
  });

  it("finds nothing in a detached or deleted file", async () => {
    const { client } = await startEmulator();
    const { storeId, fileId } = await indexFile(client, "a.md", HANDBOOK);
    const find = async () =>
      (await client.vectorStores.search(storeId, { query: "refunds" })).data.length;
    expect(await find()).toBe(1);
    await client.vectorStores.files.delete(fileId, { vector_store_id: storeId });
    expect(await find()).toBe(0);
    await client.vectorStores.files.createAndPoll(storeId, { file_id: fileId }, POLL);
    expect(await find()).toBe(1);
    await client.files.delete(fileId);
    expect(await find()).toBe(0);
  });

  it.each([
    [{ query: "" }, "query"],
    [{ query: "x", max_num_results: 51 }, "max_num_results"],
    [{ query: "x", filters: { type: "like", key: "a", value: "b" } }, "filters.type"],
    [{ query: "x", filters: { type: "eq", key: "a", value: ["b"] } }, "filters.value"],
    [{ query: "x", filters: { type: "in", key: "a", value: "b" } }, "filters.value"],
  ])("is refused with %o", async (body, param) => {
    const { client } = await startEmulator();
    const { id } = await client.vectorStores.create({});
    await expect(client.post(`/vector_stores/${id}/search`, { body }))
      .rejects.toMatchObject({ status: 400, param });
  });
});

describe("passages", () => {
  it("are whole sentences of about 800 characters and repeat the end of the one before", () => {
    const sentences = Array.from({ length: 60 }, (_, index) => `This is sentence number ${index}.`);
    const passages = splitPassages(sentences.join(" "));
    expect(passages.length).toBeGreaterThan(2);
    for (const [index, passage] of passages.entries()) {
      expect(passage.length).toBeLessThanOrEqual(800);
      expect(passage).toMatch(/^This is.*\.$/);
      const last = passages[index - 1]?.match(/number (\d+)\.$/)?.[1];
      if (last) expect(passage).toContain(`number ${last}. This is sentence number ${+last + 1}.`);
    }
    expect(sentences.every((sentence) => passages.join(" ").includes(sentence))).toBe(true);
  });

  it("keep all text that has no sentences", () => {
    const text = "x".repeat(1_500) + " " + "word ".repeat(400).trim();
    const passages = splitPassages(text);
    expect(passages.every(({ length }) => length <= 800)).toBe(true);
    expect(passages.join("").replaceAll(" ", "").length)
      .toBeGreaterThanOrEqual(text.replaceAll(" ", "").length);
    expect(splitPassages("")).toEqual([]);
  });
});

/** Returns the handbook within much other text that shares words with it. */
function longHandbook(): string {
  const others = Array.from({ length: 40 }, (_, index) => `On day ${index} a card was found. `);
  return `${others.join("")}\n\n${HANDBOOK}\n\n${others.join("")}`;
}
