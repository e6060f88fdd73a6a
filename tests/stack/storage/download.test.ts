import { beforeAll, describe, expect, it } from "vitest";
import { createTestClient, must, stack } from "../../helpers/stack.ts";
import { admin, makeBucket, request } from "./storage-helpers.ts";

const TEXT = "0123456789";
const anon = createTestClient();
let closed: string;
let open: string;

beforeAll(async () => {
  [closed, open] = [await makeBucket(), await makeBucket({ public: true })];
  for (const bucket of [closed, open]) {
    const options = { contentType: "text/csv", cacheControl: "60" };
    must(await admin.storage.from(bucket).upload("a/b.csv", TEXT, options));
    must(await admin.storage.from(bucket).upload("empty", ""));
    must(await admin.storage.from(bucket).upload("page", TEXT, { contentType: "text/html" }));
  }
});

describe("a download", () => {
  it("arrives as a Blob with its type", async () => {
    const blob = must(await admin.storage.from(closed).download("a/b.csv"));
    expect(blob.type).toBe("text/csv");
    expect(await blob.text()).toBe(TEXT);
  });

  it("arrives as a stream", async () => {
    const { data } = await admin.storage.from(closed).download("a/b.csv").asStream();
    expect(await new Response(data).text()).toBe(TEXT);
  });

  it("of a missing object is refused", async () => {
    const { data, error } = await admin.storage.from(closed).download("a/c.csv");
    expect(data).toBeNull();
    expect(error).toMatchObject({ name: "StorageApiError", status: 400, statusCode: "404" });
    expect(error?.message).toBe("Object not found");
    expect((await admin.storage.from("nowhere").download("a")).error)
      .toMatchObject({ statusCode: "404", message: "Bucket not found" });
  });

  it("carries the headers of the file, for GET and HEAD", async () => {
    for (const method of ["GET", "HEAD"]) {
      const response = await request(`/object/authenticated/${closed}/a/b.csv`, { method });
      expect(response.status).toBe(200);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        "accept-ranges": "bytes",
        "cache-control": "max-age=60",
        "content-length": "10",
        "content-type": "text/csv",
        "etag": expect.stringMatching(/^"[0-9a-f]{32}"$/),
        "last-modified": expect.stringContaining("GMT"),
      });
      expect(await response.text()).toBe(method === "GET" ? TEXT : "");
    }
  });

  it("never runs an uploaded page", async () => {
    const response = await request(`/object/${closed}/page`);
    expect(response.headers.get("content-type")).toBe("text/plain");
  });
});

describe("a range", () => {
  it.each([
    ["bytes=2-5", 206, "2345", "bytes 2-5/10"],
    ["BYTES=7-", 206, "789", "bytes 7-9/10"],
    ["bytes=-3", 206, "789", "bytes 7-9/10"],
    ["bytes=-99", 206, TEXT, "bytes 0-9/10"],
    ["bytes=8-99", 206, "89", "bytes 8-9/10"],
    ["bytes=5-2", 200, TEXT, null],
    ["bytes=0-1,4-5", 200, TEXT, null],
    ["lines=1-2", 200, TEXT, null],
  ])("%s answers %i", async (range, status, text, contentRange) => {
    const response = await request(`/object/${closed}/a/b.csv`, { headers: { range } });
    expect(response.status).toBe(status);
    expect(response.headers.get("content-range")).toBe(contentRange);
    expect(response.headers.get("content-length")).toBe(String(text.length));
    expect(await response.text()).toBe(text);
  });

  it.each([["a/b.csv", "bytes=10-"], ["a/b.csv", "bytes=-0"], ["empty", "bytes=0-"]])(
    "outside %s is refused: %s",
    async (name, range) => {
      const response = await request(`/object/${closed}/${name}`, { headers: { range } });
      expect(await response.json()).toMatchObject({ statusCode: "416", code: "InvalidRange" });
    },
  );
});

describe("a client that has the file already", () => {
  it("gets 304 for its ETag, and the new file once the file has changed", async () => {
    const path = `/object/${closed}/cached`;
    must(await admin.storage.from(closed).upload("cached", "old"));
    const eTag = (await request(path)).headers.get("etag") ?? "";
    for (const known of [eTag, `W/${eTag}`, `"other", ${eTag}`, "*"]) {
      const response = await request(path, { headers: { "if-none-match": known } });
      expect(response.status).toBe(304);
      expect(response.headers.get("etag")).toBe(eTag);
      expect(await response.text()).toBe("");
    }
    must(await admin.storage.from(closed).update("cached", "new"));
    const changed = await request(path, { headers: { "if-none-match": eTag } });
    expect(await changed.text()).toBe("new");
  });
});

describe("a public bucket", () => {
  it("serves its files to anyone who has the URL", async () => {
    const { data } = anon.storage.from(open).getPublicUrl("a/b.csv");
    expect(data.publicUrl).toBe(`${stack.API_URL}/storage/v1/object/public/${open}/a/b.csv`);
    const response = await fetch(data.publicUrl);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(await response.text()).toBe(TEXT);
    expect(await must(await anon.storage.from(open).download("a/b.csv")).text()).toBe(TEXT);
    expect(must(await anon.storage.from(open).info("a/b.csv")).size).toBe(TEXT.length);
  });

  it("offers a download under a given name", async () => {
    const files = anon.storage.from(open);
    const download = "Bericht „März“ (1)'s;\r\n.csv";
    const named = await fetch(files.getPublicUrl("a/b.csv", { download }).data.publicUrl);
    const encoded = "Bericht%20%E2%80%9EM%C3%A4rz%E2%80%9C%20%281%29%27s%3B%0D%0A.csv";
    expect(named.headers.get("content-disposition"))
      .toBe(`attachment; filename=${encoded}; filename*=UTF-8''${encoded};`);
    const plain = await fetch(files.getPublicUrl("a/b.csv", { download: true }).data.publicUrl);
    expect(plain.headers.get("content-disposition")).toBe("attachment;");
  });

  it("lists and serves nothing once it is private", async () => {
    const bucket = await makeBucket({ public: true });
    must(await admin.storage.from(bucket).upload("a", TEXT));
    expect(must(await anon.storage.from(bucket).list())).toEqual([]);
    const url = anon.storage.from(bucket).getPublicUrl("a").data.publicUrl;
    expect((await fetch(url)).status).toBe(200);
    must(await admin.storage.updateBucket(bucket, { public: false }));
    expect(await (await fetch(url)).json()).toMatchObject({ message: "Bucket not found" });
  });
});

describe("a browser", () => {
  it("may ask from any origin, with the headers of storage-js", async () => {
    const response = await fetch(`${stack.API_URL}/storage/v1/object/${closed}/a/b.csv`, {
      method: "OPTIONS",
      headers: {
        origin: "https://example.com",
        "access-control-request-method": "PUT",
        "access-control-request-headers": "apikey,authorization,x-upsert",
      },
    });
    expect(response.ok).toBe(true);
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("access-control-allow-methods")).toContain("PUT");
    expect(response.headers.get("access-control-allow-headers")).toContain("x-upsert");
  });
});

describe("a private bucket", () => {
  it("serves nothing on public URLs, to anon, or without a key", async () => {
    const files = anon.storage.from(closed);
    const publicly = await fetch(files.getPublicUrl("a/b.csv").data.publicUrl);
    expect(await publicly.json()).toMatchObject({ statusCode: "404" });
    expect((await files.download("a/b.csv")).error).toMatchObject({ statusCode: "404" });
    expect((await files.info("a/b.csv")).error).toMatchObject({ statusCode: "404" });
    const keyless = await fetch(`${stack.API_URL}/storage/v1/object/${closed}/a/b.csv`);
    expect(keyless.status).toBe(401);
  });
});
