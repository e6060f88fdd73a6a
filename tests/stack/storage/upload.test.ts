import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { beforeAll, describe, expect, it } from "vitest";
import { must } from "../../helpers/stack.ts";
import { admin, makeBucket } from "./storage-helpers.ts";

const bytes = randomBytes(200_000);
let bucket: string;

beforeAll(async () => {
  bucket = await makeBucket();
});

async function stored(name: string): Promise<Buffer> {
  const blob = must(await admin.storage.from(bucket).download(name));
  return Buffer.from(await blob.arrayBuffer());
}

function form(): FormData {
  const form = new FormData();
  form.append("", new File([bytes], "report.pdf", { type: "application/pdf" }));
  return form;
}

/** A file that looks like the form in which it is sent. */
const trap = Buffer.from("\r\n--\r\n------formdata\r\nContent-Disposition: form-data\r\n\r\n--\r");

describe("the bytes that arrive are the bytes that were sent", () => {
  it.each<[string, () => BodyInit | Buffer | NodeJS.ReadableStream]>([
    ["a Blob", () => new Blob([bytes])],
    ["a File", () => new File([bytes], "b.bin")],
    ["a form with a file", form],
    ["an ArrayBuffer", () => new Uint8Array(bytes).buffer],
    ["a Uint8Array", () => new Uint8Array(bytes)],
    ["a Buffer", () => bytes],
    ["a web stream", () => new Blob([bytes]).stream()],
    ["a Node stream", () => Readable.from([bytes.subarray(0, 7), bytes.subarray(7)])],
  ])("of %s", async (kind, body) => {
    const name = `kinds/${kind}.bin`;
    const options = { duplex: "half", contentType: "application/pdf" };
    const sent = must(await admin.storage.from(bucket).upload(name, body(), options));
    expect(sent).toEqual({
      id: expect.any(String),
      path: name,
      fullPath: `${bucket}/${name}`,
    });
    expect((await stored(name)).equals(bytes)).toBe(true);
  });

  it.each([["as a Blob", (data: Buffer<ArrayBuffer>) => new Blob([data])], [
    "as the body",
    (data: Buffer<ArrayBuffer>) => data,
  ]])("of a file that looks like a form, %s", async (kind, wrap) => {
    must(await admin.storage.from(bucket).upload(`trap ${kind}`, wrap(trap)));
    expect((await stored(`trap ${kind}`)).equals(trap)).toBe(true);
  });

  it.each([["a Blob", new Blob([])], ["a Uint8Array", new Uint8Array()], ["a string", ""]])(
    "of an empty file as %s",
    async (kind, body) => {
      must(await admin.storage.from(bucket).upload(`empty/${kind}`, body));
      expect(await stored(`empty/${kind}`)).toHaveLength(0);
      expect(must(await admin.storage.from(bucket).info(`empty/${kind}`)).size).toBe(0);
    },
  );
});

describe("an upload keeps the file's properties", () => {
  it.each([
    ["in a form", new Blob([bytes], { type: "application/pdf" })],
    ["in headers", bytes],
  ])("%s", async (kind, body) => {
    const name = `described ${kind}`;
    must(
      await admin.storage.from(bucket).upload(name, body, {
        contentType: "application/pdf",
        cacheControl: "60",
        metadata: { page: 7, title: "Grüße" },
      }),
    );
    expect(must(await admin.storage.from(bucket).info(name))).toMatchObject({
      name,
      bucketId: bucket,
      size: bytes.length,
      contentType: "application/pdf",
      cacheControl: "max-age=60",
      etag: `"${createHash("md5").update(bytes).digest("hex")}"`,
      metadata: { page: 7, title: "Grüße" },
      lastModified: expect.any(String),
      createdAt: expect.any(String),
    });
  });
});

describe("an existing object", () => {
  it("stays without upsert", async () => {
    const files = admin.storage.from(bucket);
    must(await files.upload("kept.txt", "first"));
    const { error } = await files.upload("kept.txt", "second");
    expect(error).toMatchObject({ status: 400, statusCode: "409" });
    expect(error?.message).toBe("The resource already exists");
    expect((await stored("kept.txt")).toString()).toBe("first");
  });

  it("is replaced with upsert and by update, and keeps its id", async () => {
    const files = admin.storage.from(bucket);
    const { id } = must(await files.upload("replaced.txt", "first"));
    expect(must(await files.upload("replaced.txt", "second", { upsert: true })).id).toBe(id);
    expect((await stored("replaced.txt")).toString()).toBe("second");
    expect(must(await files.update("replaced.txt", "third")).id).toBe(id);
    expect((await stored("replaced.txt")).toString()).toBe("third");
  });
});
