import { UI_MESSAGE_STREAM_HEADERS } from "ai";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createUiStream, UI_STREAM_HEADERS } from "../../../functions/chat/ui-stream.ts";

const HELLO = { type: "text-delta", id: "t", delta: "Hello\n\n\u00e9 \ud83d\ude00" } as const;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

function reader(body: ReadableStream<Uint8Array>) {
  const frames = body.getReader();
  const decoder = new TextDecoder();
  return {
    next: async () => decoder.decode((await frames.read()).value),
    cancel: () => frames.cancel(),
  };
}

describe("the encoder", () => {
  it("sends the headers of the real one, except the connection's", () => {
    const { connection: _, ...headers } = UI_MESSAGE_STREAM_HEADERS;
    expect(UI_STREAM_HEADERS).toEqual(headers);
  });

  it("writes one line of JSON a chunk and ends with [DONE]", async () => {
    const stream = createUiStream();
    stream.write({ type: "start", messageId: "m" });
    stream.write(HELLO);
    stream.close();
    expect(await new Response(stream.body).text()).toBe(
      'data: {"type":"start","messageId":"m"}\n\n' +
        `data: ${JSON.stringify(HELLO)}\n\n` +
        "data: [DONE]\n\n",
    );
  });

  it("accepts all chunks before anyone reads", async () => {
    const stream = createUiStream();
    for (let count = 0; count < 1000; count++) stream.write(HELLO);
    stream.close();
    expect((await new Response(stream.body).text()).split("\n\n")).toHaveLength(1002);
  });

  it("writes nothing after close", async () => {
    const stream = createUiStream();
    stream.close();
    stream.write(HELLO);
    stream.close();
    expect(stream.attached).toBe(false);
    expect(await new Response(stream.body).text()).toBe("data: [DONE]\n\n");
  });
});

describe("text", () => {
  const delta = (text: string) => ({ type: "text-delta", id: "t", delta: text }) as const;

  it("is sent at once when it comes first, and together when it follows quickly", async () => {
    const stream = createUiStream();
    const { next } = reader(stream.body);
    stream.write({ type: "start", messageId: "m" });
    expect(await next()).toContain('"start"');
    stream.write(delta("one"));
    expect(await next()).toContain("one");
    stream.write(delta("two"));
    vi.advanceTimersByTime(20);
    stream.write(delta("three"));
    vi.advanceTimersByTime(20);
    const both = await next();
    expect(both).toContain("two");
    expect(both).toContain("three");
    vi.advanceTimersByTime(100);
    stream.write(delta("four"));
    expect(await next()).toContain("four");
    stream.close();
  });

  it("is sent before any other chunk, which does not wait", async () => {
    const stream = createUiStream();
    const { next } = reader(stream.body);
    stream.write(delta("one"));
    await next();
    stream.write(delta("two"));
    stream.write({ type: "text-end", id: "t" });
    expect(await next()).toMatch(/two[^]*text-end/);
    stream.close();
  });
});

describe("silence", () => {
  it("is interrupted every 15 seconds", async () => {
    const stream = createUiStream();
    const { next } = reader(stream.body);
    vi.advanceTimersByTime(15_000);
    expect(await next()).toBe(": keep-alive\n\n");
    vi.advanceTimersByTime(15_000);
    expect(await next()).toBe(": keep-alive\n\n");
    stream.close();
    expect(await next()).toBe("data: [DONE]\n\n");
  });

  it("is measured from the last chunk", async () => {
    const stream = createUiStream({ keepAliveMs: 100 });
    vi.advanceTimersByTime(99);
    stream.write(HELLO);
    vi.advanceTimersByTime(99);
    stream.write(HELLO);
    vi.advanceTimersByTime(100);
    stream.close();
    const frames = (await new Response(stream.body).text()).split("\n\n");
    expect(frames.map((frame) => frame.slice(0, 12))).toEqual([
      'data: {"type',
      'data: {"type',
      ": keep-alive",
      "data: [DONE]",
      "",
    ]);
  });
});

describe("a client that disconnects", () => {
  it("is noticed once, and later writes are dropped", async () => {
    let detached = 0;
    const stream = createUiStream({ onDetach: () => detached++ });
    expect(stream.attached).toBe(true);
    await stream.body.cancel();
    await stream.body.cancel();
    stream.write(HELLO);
    stream.close();
    expect(detached).toBe(1);
    expect(stream.attached).toBe(false);
  });

  it("may disconnect in the middle of a reply", async () => {
    let detached = 0;
    const stream = createUiStream({ onDetach: () => detached++ });
    const { next, cancel } = reader(stream.body);
    stream.write(HELLO);
    expect(await next()).toContain("Hello");
    await cancel();
    stream.write(HELLO);
    expect(detached).toBe(1);
  });

  it("is not reported after the end of the reply", async () => {
    let detached = 0;
    const stream = createUiStream({ onDetach: () => detached++ });
    stream.close();
    await stream.body.cancel();
    expect(detached).toBe(0);
  });
});
