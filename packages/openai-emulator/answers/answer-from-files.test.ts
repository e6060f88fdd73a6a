import type OpenAI from "openai";
import type { Responses } from "openai/resources/responses/responses";
import type { ComparisonFilter } from "openai/resources/shared";
import { describe, expect, it } from "vitest";
import { buildPdf } from "../retrieval/build-documents.ts";
import { collect, indexFile, POLL, startEmulator, upload } from "../start-test-emulator.ts";

const MODEL = "gpt-5-mini";
const QUOTE =
  "Refunds are paid within 14 days of the return. They go to the card that was charged.";
const HANDBOOK = `# Handbook\n\n${QUOTE}\n\nThe warehouse ships on weekdays.`;

describe("an answer from files", () => {
  it("quotes the best passage, cites its file and shows its search", async () => {
    const { client } = await startEmulator();
    const { storeId, fileId } = await indexFile(client, "handbook.md", HANDBOOK);
    const other = await upload(client, "menu.txt", "Soup is paid in cash. Soup comes with bread.");
    await client.vectorStores.files.createAndPoll(storeId, { file_id: other }, POLL);
    const events = await collect(
      await client.responses.create({ ...ask("When is a refund paid?", storeId), stream: true }),
    );
    const types = events.map(({ type }) => type);
    expect(types.filter((type) => type.includes("file_search"))).toEqual([
      "response.file_search_call.in_progress",
      "response.file_search_call.searching",
      "response.file_search_call.completed",
    ]);
    expect(types).toContain("response.output_text.annotation.added");
    const [call, message] = outputOf(events);
    expect(call).toMatchObject({
      id: expect.stringMatching(/^fs_/),
      type: "file_search_call",
      status: "completed",
      queries: ["When is a refund paid?"],
      results: null,
    });
    const part = message?.type === "message" ? message.content[0] : undefined;
    const text = part?.type === "output_text" ? part.text : "";
    expect(text).toContain(`In handbook.md I found: "${QUOTE}".`);
    expect(part).toMatchObject({
      annotations: [
        { type: "file_citation", file_id: fileId, filename: "handbook.md", index: text.length },
      ],
    });
  });

  it("shows as many results as requested, and none by default", async () => {
    const { client } = await startEmulator();
    const { storeId, fileId } = await indexFile(client, "handbook.md", HANDBOOK);
    await client.vectorStores.files.uploadAndPoll(storeId, new File([HANDBOOK], "copy.md"), POLL);
    const { output } = await client.responses.create({
      model: MODEL,
      input: "refunds",
      include: ["file_search_call.results"],
      tools: [{ type: "file_search", vector_store_ids: [storeId], max_num_results: 1 }],
    });
    expect(output[0]).toMatchObject({
      results: [{ file_id: fileId, filename: "handbook.md", text: HANDBOOK }],
    });
  });

  it("searches only the files whose attributes the filter allows", async () => {
    const { client } = await startEmulator();
    const { id } = await client.vectorStores.create({});
    for (const name of ["a.md", "b.md", "c.md"]) {
      const file_id = await upload(client, name, HANDBOOK);
      await client.vectorStores.files
        .createAndPoll(id, { file_id, attributes: { file_id: name } }, POLL);
    }
    const cited = async (filters: ComparisonFilter) => {
      const tool = { type: "file_search" as const, vector_store_ids: [id], filters };
      const { output_text } = await client.responses
        .create({ model: MODEL, input: "refunds?", tools: [tool] });
      return output_text.match(/In (\S+) I found|nothing/)?.[1];
    };
    expect(await cited({ type: "eq", key: "file_id", value: "b.md" })).toBe("b.md");
    expect(await cited({ type: "in", key: "file_id", value: ["c.md", "x.md"] })).toBe("c.md");
    expect(await cited({ type: "eq", key: "file_id", value: "x.md" })).toBeUndefined();
  });

  it("finds a Japanese text by a part of a sentence", async () => {
    const { client } = await startEmulator();
    const { storeId } = await indexFile(
      client,
      "売上.md",
      "今週の売上は三百万円でした。来週は休みです。",
    );
    const { output_text } = await client.responses.create(ask("売上はいくらでしたか", storeId));
    expect(output_text).toContain('In 売上.md I found: "今週の売上は三百万円でした。');
    const other = await client.responses.create(ask("天気予報", storeId));
    expect(other.output_text).toContain("I found nothing");
  });

  it("says that nothing was found and cites nothing", async () => {
    const { client } = await startEmulator();
    const { storeId } = await indexFile(client, "handbook.md", HANDBOOK);
    const { output_text, output } = await client.responses
      .create(ask("What is the weather in Lima?", storeId));
    expect(output_text).toContain("I found nothing about it in your files.");
    expect(output).toMatchObject([{ type: "file_search_call" }, {
      content: [{ annotations: [] }],
    }]);
  });

  it("is the commanded reply with a citation", async () => {
    const { client, behave } = await startEmulator();
    const { storeId, fileId } = await indexFile(client, "handbook.md", HANDBOOK);
    await behave({ reply: "Two weeks." });
    const { output_text, output } = await client.responses.create(ask("refunds?", storeId));
    expect(output_text).toBe("Two weeks.");
    expect(output[1]).toMatchObject({
      content: [{ annotations: [{ file_id: fileId, index: 10 }] }],
    });
  });

  it("searches every store and keeps the call in the conversation", async () => {
    const { client } = await startEmulator();
    const { storeId: first } = await indexFile(client, "menu.txt", "Soup comes with bread.");
    const { storeId: second } = await indexFile(client, "handbook.md", HANDBOOK);
    const { id: conversation } = await client.conversations.create({});
    const { output_text } = await client.responses
      .create({ ...ask("refunds?", first, second), conversation });
    expect(output_text).toContain("In handbook.md I found");
    const items = await Array.fromAsync(client.conversations.items.list(conversation));
    expect(items.map(({ type }) => type)).toContain("file_search_call");
  });

  it("ranks the passages of two stores together, whatever the size of the stores", async () => {
    const { client } = await startEmulator();
    const { storeId: large } = await indexFile(client, "menu.txt", "Refunds take time.");
    const file_ids = await Promise.all(
      Array.from({ length: 30 }, (_, n) => upload(client, `soup-${n}.txt`, `Soup number ${n}.`)),
    );
    await client.vectorStores.fileBatches.createAndPoll(large, { file_ids }, POLL);
    const { storeId: small } = await indexFile(
      client,
      "rules.md",
      "Refunds take 14 days.",
    );
    for (const stores of [[large, small], [small, large]]) {
      const { output_text } = await client.responses
        .create(ask("How many days do refunds take?", ...stores));
      expect(output_text).toContain("In rules.md I found");
    }
  });

  it.each([
    [
      "no stores",
      { type: "file_search" },
      400,
      "Missing required parameter: 'tools[0].vector_store_ids'.",
    ],
    [
      "three stores",
      { type: "file_search", vector_store_ids: ["vs_a", "vs_b", "vs_c"] },
      400,
      "Invalid 'tools[0].vector_store_ids': array too long. " +
      "Expected an array with maximum length 2, but got an array with length 3 instead.",
    ],
    [
      "an unknown store",
      { type: "file_search", vector_store_ids: ["vs_x"] },
      404,
      "Vector store with id ['vs_x'] not found.",
    ],
  ])("is refused with %s, before any event", async (_, tool, status, message) => {
    const { client, objects } = await startEmulator();
    const body = { model: MODEL, input: "refunds?", stream: true, tools: [tool] };
    await expect(client.post("/responses", { body }))
      .rejects.toMatchObject({ status, error: { message } });
    expect((await objects()).responses).toEqual([]);
  });
});

describe("a file in the input", () => {
  it("is named in the answer, image or document", async () => {
    const { client } = await startEmulator();
    const image = await upload(client, "cat.png", "png", "vision");
    const document = await upload(client, "notes.pdf", "pdf", "user_data");
    const { output_text } = await askAbout(client, [
      { type: "input_image", detail: "auto", file_id: image },
      { type: "input_file", file_id: document },
    ]);
    expect(output_text).toContain("With it came 1 image(s) and 1 file(s): cat.png, notes.pdf.");
  });

  it("is read when it is a document with text", async () => {
    const { client } = await startEmulator();
    const pdf = buildPdf(["The mayor has a horse.", "The horse is called Comet."]);
    const file_id = await upload(client, "letter.pdf", pdf, "user_data");
    const { output_text, output } = await askAbout(client, [
      { type: "input_text", text: "What is the horse called?" },
      { type: "input_file", file_id },
    ]);
    expect(output_text).toMatch(/In letter\.pdf I read: ".*The horse is called Comet\./);
    expect(output).toMatchObject([{ content: [{ annotations: [] }] }]);
  });

  it("is refused when all together are larger than 50 MB", async () => {
    const { client } = await startEmulator();
    const file_id = await upload(client, "big.txt", Buffer.alloc(5_000_001, "a"), "user_data");
    const parts = Array.from({ length: 10 }, () => ({ type: "input_file" as const, file_id }));
    await expect(askAbout(client, parts)).rejects.toMatchObject({
      status: 400,
      error: { param: "input" },
    });
  });

  it.each(
    [
      { type: "input_image", detail: "auto", file_id: "file-x" },
      { type: "input_file", file_id: "file-x" },
    ] as const,
  )("is refused when it is unknown: %o", async (part) => {
    const { client, objects } = await startEmulator();
    await expect(askAbout(client, [part])).rejects.toMatchObject({
      status: 400,
      error: { message: "Files ['file-x'] were not found.", param: "input" },
    });
    expect((await objects()).responses).toEqual([]);
  });
});

function ask(input: string, ...vector_store_ids: string[]) {
  return { model: MODEL, input, tools: [{ type: "file_search" as const, vector_store_ids }] };
}

function askAbout(client: OpenAI, content: Responses.ResponseInputMessageContentList) {
  return client.responses.create({ model: MODEL, input: [{ role: "user", content }] });
}

function outputOf(events: readonly Responses.ResponseStreamEvent[]) {
  const last = events.at(-1);
  return last?.type === "response.completed" ? last.response.output : [];
}
