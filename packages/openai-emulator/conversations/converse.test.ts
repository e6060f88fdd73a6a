import { describe, expect, it } from "vitest";
import { readTexts, startEmulator } from "../start-test-emulator.ts";

const MODEL = "gpt-5-mini";

describe("a conversation", () => {
  it("gets the input and output of a completed response, which the next turn quotes", async () => {
    const { client } = await startEmulator();
    const { id: conversation } = await client.conversations.create({});
    const first = await client.responses.create({
      model: MODEL,
      input: "My cat is called Miso.",
      conversation: { id: conversation },
    });
    expect(await readTexts(client, conversation))
      .toEqual(["My cat is called Miso.", first.output_text]);

    const second = await client.responses.create({
      model: MODEL,
      input: "What did I just say?",
      conversation,
    });
    expect(second.output_text).toContain('"My cat is called Miso."');
    expect(second.output_text).toContain("turn 2");
    expect(second.conversation).toEqual({ id: conversation });
  });

  it("counts as written to the cache, and as cached from the second turn on, in blocks of 128", async () => {
    const { client } = await startEmulator();
    const { id: conversation } = await client.conversations.create({});
    const turn = { model: MODEL, input: "Hello", instructions: "a".repeat(1000), conversation };
    const first = await client.responses.create(turn);
    const second = await client.responses.create(turn);
    expect(first.usage?.input_tokens_details)
      .toMatchObject({ cached_tokens: 0, cache_write_tokens: 128 });
    expect(second.usage?.input_tokens_details)
      .toMatchObject({ cached_tokens: 256, cache_write_tokens: 0 });
    expect(second.usage?.input_tokens).toBeGreaterThan(first.usage?.input_tokens ?? Infinity);
  });

  it("is locked while a response is using it", async () => {
    const { client, behave } = await startEmulator();
    const { id: conversation } = await client.conversations.create({});
    await behave({ ttft_ms: 60_000 });
    const turn = { model: MODEL, input: "Hello", background: true, conversation };
    const { id } = await client.responses.create(turn);
    await expect(client.responses.create(turn)).rejects
      .toMatchObject({ status: 400, code: "conversation_locked", param: "conversation" });
    await client.responses.cancel(id);
    await expect(client.responses.create(turn)).resolves.toMatchObject({ status: "queued" });
  });

  it("is not found if it does not exist", async () => {
    const { client } = await startEmulator();
    await expect(
      client.responses.create({ model: MODEL, input: "Hello", conversation: "conv_x" }),
    ).rejects.toMatchObject({
      status: 404,
      error: {
        message: "Conversation with id 'conv_x' not found.",
        type: "invalid_request_error",
        param: null,
        code: null,
      },
    });
  });

  it("lists its items page by page", async () => {
    const { client } = await startEmulator();
    const texts = Array.from({ length: 20 }, (_, index) => `message ${index}`);
    const { id } = await client.conversations.create({ items: texts.map(toUserMessage) });
    await client.conversations.items.create(id, { items: ["last"].map(toUserMessage) });
    expect(await readTexts(client, id)).toEqual([...texts, "last"]);
    const newest = await client.conversations.items.list(id, { limit: 2 });
    expect(newest.data).toMatchObject([
      { content: [{ text: "last" }] },
      { content: [{ text: "message 19" }] },
    ]);
    expect(newest.has_more).toBe(true);
  });

  it("accepts at most 20 items a call", async () => {
    const { client } = await startEmulator();
    const items = Array.from({ length: 21 }, () => toUserMessage("x"));
    const tooMany = { status: 400, code: "array_above_max_length", param: "items" };
    await expect(client.conversations.create({ items })).rejects.toMatchObject(tooMany);
    const { id } = await client.conversations.create({});
    await expect(client.conversations.items.create(id, { items })).rejects.toMatchObject(tooMany);
  });

  it("stores an added assistant's message; retrieves and deletes single items", async () => {
    const { client } = await startEmulator();
    const { id: conversation_id } = await client.conversations.create({
      items: [toUserMessage("Hi"), {
        type: "message",
        role: "assistant",
        content: [{ type: "output_text", text: "Hello", annotations: [] }],
        id: "msg_ignored",
        status: "completed",
      }],
    });
    const [answer, question] = (await client.conversations.items.list(conversation_id)).data;
    expect(answer).toMatchObject({ role: "assistant", content: [{ type: "output_text" }] });
    const id = question?.id ?? "";
    expect(await client.conversations.items.retrieve(id, { conversation_id })).toEqual(question);
    await client.conversations.items.delete(id, { conversation_id });
    expect(await readTexts(client, conversation_id)).toEqual(["Hello"]);
    await expect(client.conversations.items.retrieve(id, { conversation_id })).rejects
      .toMatchObject({ status: 404 });
  });

  it("accepts new metadata", async () => {
    const { client } = await startEmulator();
    const { id } = await client.conversations.create({ metadata: { session: "1" } });
    await client.conversations.update(id, { metadata: { session: "2" } });
    expect((await client.conversations.retrieve(id)).metadata).toEqual({ session: "2" });
  });

  it("keeps its items after its deletion", async () => {
    const { client, objects } = await startEmulator();
    const { id } = await client.conversations.create({ items: [toUserMessage("Remember me")] });
    const empty = await client.conversations.create({});
    await client.conversations.delete(id);
    await client.conversations.delete(empty.id);
    await expect(client.conversations.retrieve(id)).rejects.toMatchObject({ status: 404 });
    expect((await objects()).conversations).toMatchObject([
      { id, items: [{ content: [{ text: "Remember me" }] }] },
    ]);
  });
});

function toUserMessage(content: string) {
  return { type: "message", role: "user", content } as const;
}
