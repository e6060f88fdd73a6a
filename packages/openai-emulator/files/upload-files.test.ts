import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toFile } from "openai";
import { describe, expect, it, onTestFinished } from "vitest";
import { startEmulator, upload } from "../start-test-emulator.ts";

describe("a file", () => {
  it("is uploaded, retrieved, listed and deleted", async () => {
    const { client, objects } = await startEmulator();
    const file = await client.files.create({
      file: await toFile(Buffer.from("Hello"), "grüße.txt"),
      purpose: "assistants",
    });
    expect(file).toMatchObject({
      id: expect.stringMatching(/^file-\w+$/),
      object: "file",
      bytes: 5,
      filename: "grüße.txt",
      purpose: "assistants",
      status: "processed",
    });
    expect(await client.files.retrieve(file.id)).toEqual(file);
    expect((await client.files.list()).data).toEqual([file]);
    expect((await objects()).files).toEqual([
      { id: file.id, filename: "grüße.txt", purpose: "assistants", bytes: 5 },
    ]);
    expect(await client.files.delete(file.id)).toMatchObject({ id: file.id, deleted: true });
    await expect(client.files.retrieve(file.id)).rejects.toMatchObject({
      status: 404,
      error: { message: `No such File object: ${file.id}` },
    });
    expect((await objects()).files).toEqual([]);
  });

  it("is listed by purpose, page by page, newest first", async () => {
    const { client } = await startEmulator();
    const ids: string[] = [];
    for (const name of ["a.txt", "b.txt", "c.txt"]) ids.push(await upload(client, name, name));
    await upload(client, "d.png", "png", "vision");
    const listed = await Array.fromAsync(client.files.list({ purpose: "assistants", limit: 2 }));
    expect(listed.map(({ id }) => id)).toEqual(ids.toReversed());
    const [first] = await Array.fromAsync(client.files.list({ order: "asc" }));
    expect(first?.id).toBe(ids[0]);
  });

  it("can be downloaded, unless it is a document", async () => {
    const { client } = await startEmulator();
    const bytes = Buffer.from([0, 255, 13, 10, 45, 45]);
    const image = await upload(client, "cat.png", bytes, "vision");
    const content = await (await client.files.content(image)).arrayBuffer();
    expect(Buffer.from(content)).toEqual(bytes);
    const document = await upload(client, "a.txt", "Hello");
    await expect(client.files.content(document)).rejects.toMatchObject({
      status: 400,
      error: { message: "Not allowed to download files of purpose: assistants" },
    });
  });

  it("is removed when it expires", async () => {
    let now = Date.now();
    const { client, objects } = await startEmulator(undefined, () => now);
    const { id } = await client.files.create({
      file: await toFile(Buffer.from("Hello"), "a.txt"),
      purpose: "assistants",
      expires_after: { anchor: "created_at", seconds: 3600 },
    });
    now += 3_599_000;
    expect((await client.files.retrieve(id)).expires_at).toBe(Math.floor(now / 1000) + 1);
    now += 2_000;
    expect((await objects()).files).toEqual([]);
  });
});

describe("an upload is refused", () => {
  it.each([
    ["without content", { file: new File([], "a.txt"), purpose: "assistants" }, "File is empty."],
    ["without a file", { purpose: "assistants" }, "Missing required parameter: 'file'."],
    [
      "without a purpose",
      { file: new File(["x"], "a.txt") },
      "Missing required parameter: 'purpose'.",
    ],
    [
      "with an unknown purpose",
      { file: new File(["x"], "a.txt"), purpose: "fun" },
      "Invalid value: 'fun'.",
    ],
  ])("%s, and leaves nothing behind", async (_, fields, message) => {
    const { folder, stateFile } = await makeStateFile();
    const { url, objects } = await startEmulator(stateFile);
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    const reply = await send(url, form);
    expect([reply.status, await reply.json()])
      .toMatchObject([400, { error: { message: expect.stringContaining(message) } }]);
    expect((await objects()).files).toEqual([]);
    expect(await readdir(join(folder, "state.files")).catch(() => [])).toEqual([]);
  });

  it("if the form ends too early, and leaves no file behind", async () => {
    const { folder, stateFile } = await makeStateFile();
    const { url } = await startEmulator(stateFile);
    const reply = await send(url, `${FILE_PART}some bytes`, FORM_TYPE);
    expect([reply.status, await reply.json()])
      .toMatchObject([400, { error: { message: "Could not parse multipart form." } }]);
    expect(await readdir(join(folder, "state.files"))).toEqual([]);
  });

  it("if the body is not a form", async () => {
    const { url } = await startEmulator();
    expect((await send(url, "{}", "application/json")).status).toBe(400);
  });

  it("on command", async () => {
    const { client, behave } = await startEmulator();
    await behave({ fail: { path: "/v1/files", status: 500, times: 1 } });
    await expect(upload(client, "a.txt", "x")).rejects.toMatchObject({ status: 500 });
    await expect(upload(client, "a.txt", "x")).resolves.toMatch(/^file-/);
  });
});

describe("a large upload", () => {
  const SIZE = 4 * 1024 * 1024;

  it("is written to disk while it arrives", async () => {
    const { sending, writer } = await sendHalf();
    await writer.write(Buffer.from(`\r\n--x\r\n${PURPOSE_PART}\r\n--x--\r\n`));
    await writer.close();
    expect(await (await sending).json()).toMatchObject({ bytes: SIZE, filename: "a.txt" });
  });

  it("leaves no file behind when its sender disconnects", async () => {
    const { sending, writer, files } = await sendHalf();
    await writer.abort(new Error("gone"));
    await expect(sending).rejects.toThrow();
    await expect.poll(() => readdir(files)).toEqual([]);
  });

  /** Sends the file without the end of the form, and waits until most of the file is on disk. */
  async function sendHalf() {
    const { folder, stateFile } = await makeStateFile();
    const { url } = await startEmulator(stateFile);
    const files = join(folder, "state.files");
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const sending = send(url, readable, FORM_TYPE);
    await writer.write(Buffer.from(FILE_PART));
    await writer.write(Buffer.alloc(SIZE, "a"));
    await expect.poll(() => sizeOfFiles(files)).toBeGreaterThan(SIZE / 2);
    return { sending, writer, files };
  }
});

const FORM_TYPE = "multipart/form-data; boundary=x";
const FILE_PART = '--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n';
const PURPOSE_PART = 'content-disposition: form-data; name="purpose"\r\n\r\nassistants';

function send(url: string, body: BodyInit, contentType?: string): Promise<Response> {
  const headers = new Headers({ authorization: "Bearer sk-test" });
  if (contentType) headers.set("content-type", contentType);
  // A stream as a body needs `duplex`, which is missing in the types of the DOM.
  const init = { method: "POST", headers, body, duplex: "half" };
  return fetch(`${url}/files`, init);
}

async function sizeOfFiles(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(names.map((name) => stat(join(folder, name))));
  return sizes.reduce((sum, { size }) => sum + size, 0);
}

async function makeStateFile() {
  const folder = await mkdtemp(join(tmpdir(), "openai-emulator-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return { folder, stateFile: join(folder, "state.json") };
}
