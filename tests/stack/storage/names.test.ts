import { randomUUID } from "node:crypto";
import { type IncomingMessage, request as rawRequest } from "node:http";
import { text } from "node:stream/consumers";
import { beforeAll, describe, expect, it } from "vitest";
import { must, stack } from "../../helpers/stack.ts";
import { admin, countOnDisk, makeBucket, namesInTable, request } from "./storage-helpers.ts";

let bucket: string;
let files: ReturnType<typeof admin.storage.from>;

beforeAll(async () => {
  bucket = await makeBucket({ public: true });
  files = admin.storage.from(bucket);
});

describe("a name is taken as it is", () => {
  it.each([
    "with space.txt",
    "a+b&c=d;e,f@g!h*(i).txt",
    "..hidden/...dots",
    "quote's.txt",
    "constructor/__proto__",
  ])("%s", async (name) => {
    const content = randomUUID();
    must(await files.upload(name, content));
    expect(await namesInTable(bucket)).toContain(name);
    expect(await must(await files.download(name)).text()).toBe(content);
    expect((await files.exists(name)).data).toBe(true);
    const { data } = files.getPublicUrl(name);
    expect(await (await fetch(data.publicUrl)).text()).toBe(content);
    const { signedUrl } = must(await files.createSignedUrl(name, 60));
    expect(await (await fetch(signedUrl)).text()).toBe(content);
    const folder = name.split("/").slice(0, -1).join("/");
    const listed = must(await files.list(folder)).map((entry) => entry.name);
    expect(listed).toContain(name.split("/").at(-1));
    must(await files.copy(name, `${name}.copy`));
    expect(must(await files.remove([name, `${name}.copy`]))).toHaveLength(2);
  });

  it("even if a client escapes all of it", async () => {
    const name = "a?b&c/d e.txt";
    const path = `/object/${bucket}/${name.split("/").map(encodeURIComponent).join("/")}`;
    await request(path, { method: "POST", body: "text" });
    expect(await namesInTable(bucket)).toContain(name);
    expect(await (await request(path)).text()).toBe("text");
  });
});

/** Storage checks only characters: https://github.com/supabase/storage/blob/master/src/storage/limits.ts */
const CLIMBING = [
  "../outside.txt",
  "a/../../outside.txt",
  "..",
  "a/./b",
  "/etc/outside",
  "a//b",
  "a/",
];

describe("a name that climbs or is absolute is stored like any other, and never becomes a path on the disk", () => {
  it.each(CLIMBING)("%j for a copy or a move", async (name) => {
    const source = `${randomUUID()}.txt`;
    const content = randomUUID();
    must(await files.upload(source, content));
    must(await files.copy(source, name));
    expect(await namesInTable(bucket)).toContain(name);
    expect(await countOnDisk(content)).toBe(2);
    must(await files.move(name, `${name}.moved`));
    expect(await namesInTable(bucket)).toEqual(expect.arrayContaining([source, `${name}.moved`]));
    expect(must(await files.remove([source, `${name}.moved`]))).toHaveLength(2);
    expect(await countOnDisk(content)).toBe(0);
  });

  it.each([
    ["..%2f..%2foutside.txt", "../../outside.txt"],
    ["a/..%2f..%2foutside.txt", "a/../../outside.txt"],
    ["%2fetc%2foutside", "/etc/outside"],
    ["a%2f%2e%2e%2fb", "a/../b"],
  ])("%s for an upload is %s", async (escaped, name) => {
    const marker = randomUUID();
    const path = `/storage/v1/object/${bucket}/${escaped}`;
    expect((await send("POST", path, marker)).status).toBe(200);
    expect(await namesInTable(bucket)).toContain(name);
    expect(await countOnDisk(marker)).toBe(1);
    const shown = `/storage/v1/object/public/${bucket}/${escaped}`;
    expect(await send("GET", shown)).toEqual({ status: 200, text: marker });
    expect(must(await files.remove([name]))).toHaveLength(1);
  });

  it("a signed upload follows the same rule", async () => {
    const marker = randomUUID();
    const path = `/storage/v1/object/upload/sign/${bucket}/a%2f..%2f${marker}`;
    const { url } = JSON.parse((await send("POST", path)).text);
    const token = new URL(url, stack.API_URL).search;
    expect((await send("PUT", path + token, marker)).status).toBe(200);
    expect(await namesInTable(bucket)).toContain(`a/../${marker}`);
    expect(must(await files.remove([`a/../${marker}`]))).toHaveLength(1);
  });

  it("unescaped dots are collapsed before they reach a name, by the client or here", async () => {
    const marker = randomUUID();
    must(await files.upload(`a/../${marker}`, marker));
    expect(await namesInTable(bucket)).toContain(marker);
    must(await files.remove([marker]));
    const path = `/storage/v1/object/${bucket}/a/%2e%2e/${marker}`;
    expect((await send("POST", path, marker)).status).toBe(200);
    expect(await namesInTable(bucket)).toContain(marker);
    for (const outside of ["../../../outside.txt", "%2e%2e/%2e%2e/%2e%2e/outside.txt"]) {
      const { status } = await send("POST", `/storage/v1/object/${bucket}/${outside}`, marker);
      expect(status).toBe(404);
    }
    must(await files.remove([marker]));
    expect(await countOnDisk(marker)).toBe(0);
  });
});

const FORBIDDEN = [
  "",
  "nul\u0000.txt",
  "line\nbreak",
  "back\\..\\slash",
  "Grüße.txt",
  "🦆.txt",
  "100%.txt",
  "a#b.txt",
  "x".repeat(1025),
  "\ud800",
];

describe("a name is refused if it is empty, too long or has forbidden characters", () => {
  it.each(FORBIDDEN)("%j for a copy or a move", async (name) => {
    const source = `${randomUUID()}.txt`;
    must(await files.upload(source, source));
    for (const transfer of [files.copy(source, name), files.move(source, name)]) {
      expect((await transfer).error).toMatchObject({ statusCode: "400" });
    }
    expect((await files.copy(name, "target")).error?.message).toContain("Invalid key");
    expect(await countOnDisk(source)).toBe(1);
    expect(await namesInTable(bucket)).toContain(source);
  });

  it.each(["a/%00.txt", "a%5c..%5cb", "a%23b", "100%25.txt"])(
    "%s for an upload, by a client that does not normalise paths",
    async (name) => {
      const marker = randomUUID();
      const response = await send("POST", `/storage/v1/object/${bucket}/${name}`, marker);
      expect(response.status).toBeGreaterThanOrEqual(400);
      expect(response.status).toBeLessThan(500);
      expect(await countOnDisk(marker)).toBe(0);
      expect((await send("GET", `/storage/v1/object/public/${bucket}/${name}`)).status)
        .toBeGreaterThanOrEqual(400);
    },
  );

  it("for a bucket", async () => {
    const { error } = await admin.storage.from("..%2f..").upload("a", "text");
    expect(error?.message).toBe("Bucket name invalid");
    const transfer = await files.copy("a", "b", { destinationBucket: "../x" });
    expect(transfer.error?.message).toBe("Bucket name invalid");
  });
});

/** Sends a path as it is, because `fetch` would normalise it. */
async function send(method: string, path: string, body?: string) {
  const url = new URL(stack.API_URL);
  const headers = { apikey: stack.SECRET_KEY };
  const sent = rawRequest({ host: url.hostname, port: url.port, path, method, headers });
  sent.end(body);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    sent.once("response", resolve).once("error", reject);
  });
  return { status: response.statusCode, text: await text(response) };
}
