import type { APIError } from "openai";
import { describe, expect, it } from "vitest";
import { startEmulator, upload } from "../start-test-emulator.ts";

const QUESTION = { model: "gpt-5-mini", input: "Hello" };
const TITLE = { ...QUESTION, metadata: { purpose: "title" } };

describe("model_not_found", () => {
  it("refuses every response", async () => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "model_not_found" });
    await expect(client.responses.create(QUESTION)).rejects.toMatchObject({
      status: 404,
      code: "model_not_found",
      type: "invalid_request_error",
      message: expect.stringContaining("`gpt-5-mini` does not exist"),
    });
  });
});

describe("title_fails", () => {
  it("refuses titles only", async () => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "title_fails" });
    await expect(client.responses.create(TITLE)).rejects
      .toMatchObject({ status: 404, code: "model_not_found" });
    await expect(client.responses.create(QUESTION)).resolves
      .toMatchObject({ status: "completed" });
  });
});

describe("invalid_key", () => {
  it("refuses requests to every path", async () => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "invalid_key" });
    const invalid = { status: 401, code: "invalid_api_key", type: "invalid_request_error" };
    await expect(client.responses.create(QUESTION)).rejects.toMatchObject(invalid);
    await expect(client.files.list()).rejects.toMatchObject(invalid);
  });
});

describe("insufficient_quota", () => {
  it("refuses responses with a 429 of its own type", async () => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "insufficient_quota" });
    await expect(client.responses.create(QUESTION)).rejects
      .toMatchObject({ status: 429, code: "insufficient_quota", type: "insufficient_quota" });
    await expect(client.conversations.create({})).resolves.toHaveProperty("id");
  });
});

describe("retry_after_date and retry_after_ms", () => {
  it("name the time as a date", async () => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "retry_after_date", seconds: 30, times: 1 });
    const error: APIError = await client.responses.create(QUESTION).catch((thrown) => thrown);
    expect(error).toMatchObject({ status: 429, code: "rate_limit_exceeded" });
    const retryAfter = error.headers?.get("retry-after") ?? "";
    expect(retryAfter).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
    expect(Date.parse(retryAfter) - Date.now()).toBeGreaterThan(20_000);
    expect(Date.parse(retryAfter) - Date.now()).toBeLessThanOrEqual(30_000);
    await expect(client.responses.create(QUESTION)).resolves.toHaveProperty("id");
  });

  it("name the time in milliseconds, which the SDK obeys", async () => {
    const { client, behave, requests } = await startEmulator();
    await behave({ scenario: "retry_after_ms", seconds: 0.15, times: 1 });
    const begun = performance.now();
    await client.responses.create(QUESTION, { maxRetries: 1 });
    expect(performance.now() - begun).toBeGreaterThanOrEqual(145);
    expect((await requests()).map(({ status }) => status)).toEqual([429, 200]);
  });
});

describe("rate_limited_for", () => {
  it("refuses responses until the seconds are over, and says how long that is", async () => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "rate_limited_for", seconds: 1.5 });
    const error: APIError = await client.responses.create(QUESTION).catch((thrown) => thrown);
    expect(error).toMatchObject({ status: 429, code: "rate_limit_exceeded" });
    expect(error.headers?.get("retry-after")).toMatch(/^[12]$/);
    await expect.poll(() => client.responses.create(QUESTION).then(() => "accepted", () => ""))
      .toBe("accepted");
  });
});

describe("the variant `all`", () => {
  it.each(
    [
      [{ scenario: "rate_limited_for", seconds: 30 }, "rate_limit_exceeded"],
      [{ scenario: "insufficient_quota" }, "insufficient_quota"],
    ] as const,
  )("of %o refuses requests for files, too", async (behaviour, code) => {
    const { client, behave } = await startEmulator();
    await behave(behaviour);
    await upload(client, "a.txt", "Hello");
    await behave({ ...behaviour, variant: "all" });
    await expect(upload(client, "a.txt", "Hello")).rejects.toMatchObject({ status: 429, code });
    await expect(client.vectorStores.create({})).rejects.toMatchObject({ status: 429, code });
  });
});

describe("conversation_items_fail", () => {
  it("refuses the n-th call that adds items, and no other", async () => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "conversation_items_fail", n: 2 });
    const items = [{ type: "message", role: "user", content: "Hi" }] as const;
    const { id } = await client.conversations.create({ items: [...items] });
    await client.conversations.retrieve(id);
    const add = () => client.conversations.items.create(id, { items: [...items] });
    await expect(add()).rejects.toMatchObject({ status: 429, code: "rate_limit_exceeded" });
    await expect(add()).resolves.toMatchObject({ object: "list" });
    await expect(client.conversations.create({})).resolves.toHaveProperty("id");
  });
});

describe("file_404_once", () => {
  it("does not find an image once", async () => {
    const { client, behave } = await startEmulator();
    const file_id = await upload(client, "cat.png", "bytes", "vision");
    await behave({ scenario: "file_404_once" });
    await client.responses.create(QUESTION);
    await expect(client.responses.create(withImage({ file_id }))).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining(`Files ['${file_id}'] were not found.`),
      param: "input",
    });
    await expect(client.responses.create(withImage({ file_id }))).resolves
      .toMatchObject({ status: "completed" });
  });
});

describe("file_404_once, variant store", () => {
  it("does not find an attached file once", async () => {
    const { client, behave } = await startEmulator();
    const file_id = await upload(client, "a.txt", "Hello");
    const { id: vector_store_id } = await client.vectorStores.create({});
    await behave({ scenario: "file_404_once", variant: "store" });
    const find = () => client.vectorStores.files.retrieve(file_id, { vector_store_id });
    await expect(find()).rejects.toMatchObject({ status: 404 });
    await client.vectorStores.files.create(vector_store_id, { file_id });
    await expect(find()).rejects.toMatchObject({
      status: 404,
      message: expect.stringContaining(`No file found with id '${file_id}' in vector store`),
    });
    await expect(find()).resolves.toHaveProperty("id", file_id);
  });
});

describe("image_refused", () => {
  const image_url = "data:image/png;base64,AAAA";

  it.each([
    [undefined, "invalid_image_format"],
    ["unsupported", "invalid_image_format"],
    ["unsafe", "image_content_policy_violation"],
  ])("refuses images as %s, and nothing else", async (variant, code) => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "image_refused", variant });
    await expect(client.responses.create(withImage({ image_url }))).rejects
      .toMatchObject({ status: 400, code, type: "invalid_request_error" });
    await expect(client.responses.create(QUESTION)).resolves
      .toMatchObject({ status: "completed" });
  });
});

describe("file_refused", () => {
  it("refuses files in the input, and nothing else", async () => {
    const { client, behave } = await startEmulator();
    const file_id = await upload(client, "notes.pdf", "bytes", "user_data");
    await behave({ scenario: "file_refused" });
    const content = [{ type: "input_file" as const, file_id }];
    const input = [{ role: "user" as const, content }];
    await expect(client.responses.create({ ...QUESTION, input })).rejects
      .toMatchObject({ status: 400, type: "invalid_request_error" });
    await expect(client.responses.create(QUESTION)).resolves
      .toMatchObject({ status: "completed" });
  });
});

function withImage(image: { file_id: string } | { image_url: string }) {
  const content = [
    { type: "input_text" as const, text: "Look" },
    { type: "input_image" as const, detail: "auto" as const, ...image },
  ];
  return { ...QUESTION, input: [{ role: "user" as const, content }] };
}
