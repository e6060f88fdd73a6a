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

  it("when a client escapes all of it", async () => {
    const name = "a?b&c/d e.txt";
    const path = `/object/${bucket}/${name.split("/").map(encodeURIComponent).join("/")}`;
    await request(path, { method: "POST", body: "text" });
    expect(await namesInTable(bucket)).toContain(name);
    expect(await (await request(path)).text()).toBe("text");
  });
});

const HOSTILE = [
  "../outside.txt",
  "a/../../outside.txt",
  "..",
  "a/./b",
  "/etc/outside",
  "a//b",
  "a/",
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

describe("a name is refused that climbs, is absolute or holds what no name should", () => {
  it.each(HOSTILE)("%j as a copy's or a move's", async (name) => {
    const source = `${randomUUID()}.txt`;
    must(await files.upload(source, source));
    for (const transfer of [files.copy(source, name), files.move(source, name)]) {
      expect((await transfer).error).toMatchObject({ statusCode: "400" });
    }
    expect((await files.copy(name, "target")).error?.message).toContain("Invalid key");
    expect(await countOnDisk(source)).toBe(1);
    expect(await namesInTable(bucket)).toContain(source);
  });

  it.each([
    "..%2f..%2foutside.txt",
    "%2e%2e%2foutside.txt",
    "%2fetc%2foutside",
    "a/%00.txt",
    "a%5c..%5cb",
    "../../../outside.txt",
    "%2e%2e/%2e%2e/%2e%2e/outside.txt",
  ])("%s as an upload's, by a client that normalises nothing", async (name) => {
    const marker = randomUUID();
    const response = await send("POST", `/storage/v1/object/${bucket}/${name}`, marker);
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    expect(await countOnDisk(marker)).toBe(0);
    expect((await send("GET", `/storage/v1/object/public/${bucket}/${name}`)).status)
      .toBeGreaterThanOrEqual(400);
  });

  it("as a bucket's", async () => {
    const { error } = await admin.storage.from("..%2f..").upload("a", "text");
    expect(error?.message).toBe("Bucket name invalid");
    const transfer = await files.copy("a", "b", { destinationBucket: "../x" });
    expect(transfer.error?.message).toBe("Bucket name invalid");
  });
});

/** `fetch` would normalise the path. */
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
