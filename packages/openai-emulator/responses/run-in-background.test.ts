import { describe, expect, it } from "vitest";
import { collect, startEmulator } from "../start-test-emulator.ts";

const REPLY = Array.from({ length: 12 }, (_, index) => `word${index}`).join(" ");
const BACKGROUND = { model: "gpt-5-mini", input: "Hello", background: true, stream: true } as const;

describe("a background response", () => {
  it("is returned at once as queued and completes by itself", async () => {
    const { client } = await startEmulator();
    const queued = await client.responses.create({ ...BACKGROUND, stream: false });
    expect(queued).toMatchObject({ status: "queued", output: [], usage: null });
    await expect.poll(async () => (await client.responses.retrieve(queued.id)).status)
      .toBe("completed");
  });

  it("continues when its client disconnects", async () => {
    const { client, behave } = await startEmulator();
    await behave({ reply: REPLY, tokens_per_second: 100 });
    const stream = await client.responses.create(BACKGROUND);
    let id = "";
    for await (const event of stream) {
      if (event.type === "response.created") id = event.response.id;
      if (event.type === "response.output_text.delta") break;
    }
    const rest = await collect(await client.responses.retrieve(id, { stream: true }));
    expect(rest.at(-1)?.type).toBe("response.completed");
    expect((await client.responses.retrieve(id)).output_text).toBe(REPLY);
  });

  it("is streamed again from any event to its end", async () => {
    const { client, behave } = await startEmulator();
    await behave({ reply: REPLY, tokens_per_second: 200 });
    const stream = await client.responses.create(BACKGROUND);
    const first = await stream[Symbol.asyncIterator]().next();
    const id = first.value?.type === "response.created" ? first.value.response.id : "";
    const live = await collect(
      await client.responses.retrieve(id, { stream: true, starting_after: 6 }),
    );
    const all = await collect(await client.responses.retrieve(id, { stream: true }));
    expect(live).toEqual(all.slice(7));
    expect(all[0]?.sequence_number).toBe(0);
    expect(all.at(-1)?.type).toBe("response.completed");
  });

  it("is not streamed again if it was not created as a stream", async () => {
    const { client } = await startEmulator();
    const { id } = await client.responses.create({ ...BACKGROUND, stream: false });
    await expect(client.responses.retrieve(id, { stream: true })).rejects
      .toMatchObject({ status: 400 });
  });
});

describe("a foreground response", () => {
  it("is cancelled when the client of its stream disconnects", async () => {
    const { client, behave, objects } = await startEmulator();
    await behave({ reply: REPLY, tokens_per_second: 5 });
    const stream = await client.responses.create({ ...BACKGROUND, background: false });
    for await (const event of stream) if (event.type === "response.output_text.delta") break;
    await expect.poll(async () => (await objects()).responses[0]?.status).toBe("cancelled");
  });

  it("is cancelled when a waiting client disconnects", async () => {
    const { client, behave, objects } = await startEmulator();
    await behave({ ttft_ms: 60_000 });
    const controller = new AbortController();
    const question = { model: "gpt-5-mini", input: "Hello" };
    const waiting = client.responses.create(question, { signal: controller.signal });
    const rejected = expect(waiting).rejects.toThrow();
    await expect.poll(async () => (await objects()).responses[0]?.status).toBe("in_progress");
    controller.abort();
    await rejected;
    await expect.poll(async () => (await objects()).responses[0]?.status).toBe("cancelled");
  });
});
