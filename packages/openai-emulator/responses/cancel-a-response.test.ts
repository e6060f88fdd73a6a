import { describe, expect, it } from "vitest";
import { joinDeltas, readTexts, startEmulator } from "../start-test-emulator.ts";

const REPLY = Array.from({ length: 40 }, (_, index) => `word${index}`).join(" ");

describe("cancel", () => {
  it("ends the stream without an event, keeps the partial output, adds nothing to the conversation", async () => {
    const { client, behave } = await startEmulator();
    const { id: conversation } = await client.conversations.create({});
    await behave({ reply: REPLY, tokens_per_second: 20 });
    const stream = await client.responses.create({
      model: "gpt-5-mini",
      input: "Hello",
      background: true,
      stream: true,
      conversation,
    });
    const events = [];
    let id = "";
    for await (const event of stream) {
      events.push(event);
      if (event.type === "response.created") id = event.response.id;
      if (event.type === "response.output_text.delta" && event.delta.includes("word2")) {
        expect(await client.responses.cancel(id)).toMatchObject({ status: "cancelled" });
      }
    }
    expect(events.at(-1)?.type).toBe("response.output_text.delta");
    const cancelled = await client.responses.retrieve(id);
    expect(cancelled).toMatchObject({ status: "cancelled", usage: null });
    // On a busy machine, some more words arrive before the cancellation does.
    expect(cancelled.output_text).toMatch(/^word0 word1 word2/);
    expect(cancelled.output_text.length).toBeLessThan(REPLY.length);
    expect(cancelled.output_text).toBe(joinDeltas(events));
    expect(await readTexts(client, conversation)).toEqual([]);
  });

  it("returns a finished response as it is", async () => {
    const { client } = await startEmulator();
    const stream = client.responses.stream({ model: "gpt-5-mini", input: "Hi", background: true });
    const { id } = await stream.finalResponse();
    const retrieved = await client.responses.retrieve(id);
    expect(retrieved).toMatchObject(await client.responses.cancel(id));
    expect(retrieved.status).toBe("completed");
  });

  it("is refused for a response that is not in the background", async () => {
    const { client } = await startEmulator();
    const { id } = await client.responses.create({ model: "gpt-5-mini", input: "Hi" });
    await expect(client.responses.cancel(id)).rejects.toMatchObject({
      status: 400,
      error: { message: "Cannot cancel a synchronous response." },
    });
  });

  it("happens when a running response is deleted", async () => {
    const { client, behave, objects } = await startEmulator();
    await behave({ ttft_ms: 60_000 });
    const { id } = await client.responses.create({
      model: "gpt-5-mini",
      input: "Hi",
      background: true,
    });
    await client.responses.delete(id);
    expect((await objects()).responses).toEqual([]);
    await expect(client.responses.retrieve(id)).rejects.toMatchObject({
      status: 404,
      error: { message: `Response with id '${id}' not found.`, type: "invalid_request_error" },
    });
  });
});
