import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import { describe, expect, it, vi } from "vitest";
import { createTestClient, must, stack } from "../../helpers/stack.ts";
import { admin, countOnDisk, makeBucket, namesInTable, request } from "./storage-helpers.ts";

const LIMIT = 100_000;
const pad = (marker: string, size: number) => Buffer.concat([Buffer.from(marker)], size);

describe("a file above the bucket's limit is refused with 413 and leaves nothing", () => {
  it.each([
    ["a Blob", (data: Buffer<ArrayBuffer>) => new Blob([data])],
    ["a Buffer", (data: Buffer<ArrayBuffer>) => data],
  ])("sent as %s", async (_kind, wrap) => {
    const bucket = await makeBucket({ sizeLimit: LIMIT });
    const marker = randomUUID();
    const files = admin.storage.from(bucket);

    must(await files.upload("fits", wrap(pad(marker, LIMIT)), { duplex: "half" }));
    const { error } = await files.upload("over", wrap(pad(marker, LIMIT + 1)), { duplex: "half" });

    expect(error).toMatchObject({ name: "StorageApiError", status: 400, statusCode: "413" });
    expect(error?.message).toBe("The object exceeded the maximum allowed size");
    expect(await namesInTable(bucket)).toEqual(["fits"]);
    expect(await countOnDisk(marker)).toBe(1);
  });

  it("with an error in Storage's format", async () => {
    const bucket = await makeBucket({ sizeLimit: LIMIT });
    const body = pad("x", LIMIT + 1);
    const response = await request(`/object/${bucket}/over`, { method: "POST", body });
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      statusCode: "413",
      error: "Payload too large",
      message: "The object exceeded the maximum allowed size",
      code: "EntityTooLarge",
    });
  });

  it("and keeps the object that it should have replaced", async () => {
    const bucket = await makeBucket({ sizeLimit: LIMIT });
    const files = admin.storage.from(bucket);
    must(await files.upload("report", "first"));
    const { error } = await files.update("report", pad("x", LIMIT + 1));
    expect(error).toMatchObject({ statusCode: "413" });
    expect(await must(await files.download("report")).text()).toBe("first");
  });
});

it("a body without a length has no limit, as on Supabase", async () => {
  const bucket = await makeBucket({ sizeLimit: LIMIT });
  const files = admin.storage.from(bucket);

  must(await files.upload("over", new Blob([pad("x", LIMIT + 1)]).stream(), { duplex: "half" }));

  expect(must(await files.info("over")).size).toBe(LIMIT + 1);
});

describe("a client that reads no response before it has sent everything can send everything", () => {
  it.each([
    ["too large a file", { sizeLimit: LIMIT }, "413"],
    ["a wrong type", { types: ["image/*"] }, "415"],
  ])("and then gets the refusal, for %s", async (_case, options, statusCode) => {
    const bucket = await makeBucket(options);
    const url = `${stack.API_URL}/storage/v1/object/${bucket}/huge`;
    // More than the server drops unread by itself.
    const chunks = Array(1100).fill(Buffer.alloc(64 * 1024));
    const headers = {
      apikey: stack.SECRET_KEY,
      "content-type": "text/plain",
      "content-length": chunks.length * 64 * 1024,
    };
    const upload = httpRequest(url, { method: "POST", headers });
    const answered: Promise<IncomingMessage[]> = once(upload, "response");
    await pipeline(chunks, upload);
    const [response] = await answered;
    expect(JSON.parse(await text(response ?? Readable.from([])))).toMatchObject({ statusCode });
  });
});

describe("the type of a file", () => {
  it.each([
    ["image/png", true],
    ["image/svg+xml", true],
    ["IMAGE/PNG", false],
    ["text/plain", true],
    ["text/plain;charset=UTF-8", false],
    ["text/html", false],
    ["text/plain/x", true],
    ["imagex/png", false],
    ["image", false],
  ])("%s is allowed: %s", async (contentType, allowed) => {
    const bucket = await makeBucket({ types: ["image/*", "text/plain"] });
    const marker = randomUUID();
    const { error } = await admin.storage.from(bucket).upload("file", marker, { contentType });
    expect(error?.message).toBe(allowed ? undefined : `mime type ${contentType} is not supported`);
    if (!allowed) expect(error).toMatchObject({ status: 400, statusCode: "415" });
    expect(await namesInTable(bucket)).toEqual(allowed ? ["file"] : []);
    expect(await countOnDisk(marker)).toBe(allowed ? 1 : 0);
  });

  it("of a Blob is the Blob's own", async () => {
    const bucket = await makeBucket({ types: ["image/*"] });
    const files = admin.storage.from(bucket);
    must(await files.upload("image", new Blob(["x"], { type: "image/png" })));
    const { error } = await files.upload("page", new Blob(["x"], { type: "text/html" }));
    expect(error).toMatchObject({ statusCode: "415" });
  });
});

describe("an upload that breaks off leaves nothing", () => {
  it("when the client goes away", async () => {
    const bucket = await makeBucket();
    const marker = randomUUID();
    const client = new AbortController();
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(pad(marker, 300_000)),
    });
    const sending = request(`/object/${bucket}/half`, {
      method: "POST",
      body,
      signal: client.signal,
      ...{ duplex: "half" },
    });
    await vi.waitFor(async () => expect(await countOnDisk(marker)).toBe(1));
    client.abort();
    await expect(sending).rejects.toThrow();
    await vi.waitFor(async () => expect(await countOnDisk(marker)).toBe(0));
    expect(await namesInTable(bucket)).toEqual([]);
  });

  it("when a form ends early", async () => {
    const bucket = await makeBucket();
    const marker = randomUUID();
    const body = `--x\r\nContent-Disposition: form-data; name=""; filename="a"\r\n\r\n${marker}`;
    const headers = { "content-type": "multipart/form-data; boundary=x" };
    const response = await request(`/object/${bucket}/half`, { method: "POST", headers, body });
    expect(response.status).toBe(400);
    expect(await namesInTable(bucket)).toEqual([]);
    expect(await countOnDisk(marker)).toBe(0);
  });
});

describe("an upload is refused", () => {
  it("to an unknown bucket", async () => {
    const { error } = await admin.storage.from("nowhere").upload("a", "text");
    expect(error).toMatchObject({ statusCode: "404", message: "Bucket not found" });
  });

  it("without a key, with a forged token and from anon", async () => {
    const bucket = await makeBucket({ public: true });
    const marker = randomUUID();
    const url = `/object/${bucket}/a.txt`;
    expect((await request(url, { method: "POST", key: "sb_secret_x", body: marker })).status)
      .toBe(401);
    const headers = { authorization: "Bearer e30.e30.e30" };
    const forged = await request(url, { method: "POST", headers, body: marker });
    expect(await forged.json()).toMatchObject({ statusCode: "403", error: "Unauthorized" });
    const { error } = await createTestClient().storage.from(bucket).upload("a.txt", marker);
    expect(error).toMatchObject({
      statusCode: "403",
      message: "new row violates row-level security policy",
    });
    expect(await countOnDisk(marker)).toBe(0);
  });

  it("as a form without a file", async () => {
    const form = new FormData();
    form.append("cacheControl", "60");
    const { error } = await admin.storage.from(await makeBucket()).upload("a", form);
    expect(error).toMatchObject({ statusCode: "400", message: "No content provided" });
  });
});
