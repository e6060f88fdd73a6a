import { describe, expect, it } from "vitest";
import { indexFile, startEmulator } from "../start-test-emulator.ts";

const QUESTION = { model: "gpt-5-mini", input: "Hello" };

describe("behaviour", () => {
  it.each([
    [{ speed: 1 }, "Unknown parameter: 'speed'."],
    [{ fail: { path: "/v1/responses" } }, "Missing required parameter: 'fail.status'."],
    [{ fail: { path: "v1/responses", status: 500 } }, "Invalid 'fail.path'"],
    [{ end: "refusal" }, "Invalid value: 'refusal'."],
    [{ tokens_per_second: 0 }, "Invalid 'tokens_per_second'"],
  ])("%o is refused", async (behaviour, message) => {
    const { control } = await startEmulator();
    const reply = await control("PUT", "/behaviour", behaviour);
    expect(reply.status).toBe(400);
    expect(await reply.json()).toMatchObject({
      error: { message: expect.stringContaining(message) },
    });
  });

  it("is replaced as a whole, read and reset", async () => {
    const { behave, control } = await startEmulator();
    await behave({ reply: "x", ttft_ms: 1 });
    await behave({ reply: "y" });
    expect(await (await control("GET", "/behaviour")).json()).toEqual({ reply: "y" });
    await control("DELETE", "/behaviour");
    expect(await (await control("GET", "/behaviour")).json()).toEqual({});
  });

  it("is read when a response starts", async () => {
    const { client, behave } = await startEmulator();
    await behave({ reply: "early", ttft_ms: 30 });
    const stream = client.responses.stream({ ...QUESTION, background: true });
    await stream.emitted("response.created");
    await behave({ reply: "late" });
    expect((await stream.finalResponse()).output_text).toBe("early");
  });
});

describe("requests", () => {
  it("are listed in order with path, status and body, without commands", async () => {
    const { client, control, requests } = await startEmulator();
    const { id } = await client.responses.create(QUESTION);
    await client.responses.retrieve(id, { include_obfuscation: false });
    await control("GET", "/objects");
    await client.conversations.retrieve("conv_x").catch(() => {});
    expect(await requests()).toMatchObject([
      { method: "POST", path: "/v1/responses", status: 200, body: QUESTION },
      {
        method: "GET",
        path: `/v1/responses/${id}?include_obfuscation=false`,
        status: 200,
        body: null,
      },
      { method: "GET", path: "/v1/conversations/conv_x", status: 404, body: null },
    ]);
  });
});

describe("objects", () => {
  it("show conversations with their items, and responses", async () => {
    const { client, objects } = await startEmulator();
    const { id: conversation } = await client.conversations.create({});
    const { id } = await client.responses.create({ ...QUESTION, conversation });
    await client.responses.create({ ...QUESTION, store: false });
    expect(await objects()).toMatchObject({
      conversations: [{ id: conversation, items: [{ role: "user" }, { role: "assistant" }] }],
      files: [],
      vector_stores: [],
      responses: [{ id, status: "completed", conversation_id: conversation }],
    });
  });

  it("show the remains of a session, and nothing after all is deleted", async () => {
    const { client, objects } = await startEmulator();
    const { storeId, fileId } = await indexFile(client, "a.txt", "Hello");
    const { id: conversation_id } = await client.conversations.create({});
    const { id } = await client.responses.create({
      ...QUESTION,
      conversation: conversation_id,
      tools: [{ type: "file_search", vector_store_ids: [storeId] }],
    });
    const items = await Array.fromAsync(client.conversations.items.list(conversation_id));
    expect(items.map(({ type }) => type)).toEqual(["message", "file_search_call", "message"]);
    for (const item of items) {
      await client.conversations.items.delete(item.id ?? "", { conversation_id });
    }
    await client.conversations.delete(conversation_id);
    expect(await objects()).toEqual({
      conversations: [],
      files: [expect.objectContaining({ id: fileId })],
      vector_stores: [{ id: storeId, status: "completed", file_ids: [fileId] }],
      responses: [{ id, status: "completed", conversation_id }],
    });
    await client.responses.delete(id);
    await client.files.delete(fileId);
    await client.vectorStores.delete(storeId);
    expect(await objects())
      .toEqual({ conversations: [], files: [], vector_stores: [], responses: [] });
  });

  it("do not show a forgotten conversation", async () => {
    const { client, control, objects } = await startEmulator();
    const { id } = await client.conversations.create({});
    expect((await control("POST", `/conversations/${id}/forget`)).status).toBe(200);
    await expect(client.conversations.retrieve(id)).rejects.toMatchObject({ status: 404 });
    expect((await objects()).conversations).toEqual([]);
    expect((await control("POST", `/conversations/${id}/forget`)).status).toBe(404);
  });
});

describe("input items", () => {
  it("are the input of the response", async () => {
    const { client } = await startEmulator();
    const { id } = await client.responses.create(QUESTION);
    const page = await client.responses.inputItems.list(id);
    expect(page.data).toMatchObject([{ role: "user", content: [{ text: "Hello" }] }]);
  });
});
