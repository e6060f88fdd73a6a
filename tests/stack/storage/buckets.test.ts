import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { asPostgres, createTestClient, must } from "../../helpers/stack.ts";
import { admin, makeBucket, namesInTable } from "./storage-helpers.ts";

const anon = createTestClient();
const newId = () => `made-${randomUUID()}`;

describe("the secret key manages buckets", () => {
  it("creates a bucket and shows it", async () => {
    const id = newId();
    const made = await admin.storage.createBucket(id, {
      public: true,
      fileSizeLimit: "5MB",
      allowedMimeTypes: ["image/*", "text/plain"],
    });
    expect(must(made)).toEqual({ name: id });
    expect(must(await admin.storage.getBucket(id))).toMatchObject({
      id,
      name: id,
      public: true,
      file_size_limit: 5_000_000,
      allowed_mime_types: ["image/*", "text/plain"],
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });

  it("accepts a size limit in bytes, and a bucket without settings", async () => {
    const [limited, plain] = [newId(), newId()];
    must(await admin.storage.createBucket(limited, { public: false, fileSizeLimit: 1024 }));
    must(await admin.storage.createBucket(plain));
    expect(must(await admin.storage.getBucket(limited)).file_size_limit).toBe(1024);
    expect(must(await admin.storage.getBucket(plain))).toMatchObject({
      public: false,
      file_size_limit: null,
      allowed_mime_types: null,
    });
  });

  it("lists the buckets of migrations", async () => {
    const ids = [await makeBucket(), await makeBucket()];
    const listed = must(await admin.storage.listBuckets({ limit: 1000 })).map(({ id }) => id);
    expect(listed).toEqual(expect.arrayContaining(ids));
    const found = must(await admin.storage.listBuckets({ search: ids[0] }));
    expect(found.map(({ id }) => id)).toEqual([ids[0]]);
  });

  it("changes only the settings that an update names", async () => {
    const id = await makeBucket({ types: ["image/*"] });
    must(await admin.storage.updateBucket(id, { public: true, fileSizeLimit: "2kb" }));
    expect(must(await admin.storage.getBucket(id))).toMatchObject({
      public: true,
      file_size_limit: 2000,
      allowed_mime_types: ["image/*"],
    });
    must(await admin.storage.updateBucket(id, { public: true, allowedMimeTypes: null }));
    expect(must(await admin.storage.getBucket(id)).allowed_mime_types).toBeNull();
  });

  it("deletes a bucket only if it is empty", async () => {
    const id = await makeBucket();
    must(await admin.storage.from(id).upload("a/b.txt", "text"));
    const { error } = await admin.storage.deleteBucket(id);
    expect(error).toMatchObject({ statusCode: "409" });
    expect(error?.message).toBe("The bucket you tried to delete is not empty");

    must(await admin.storage.emptyBucket(id));
    expect(await namesInTable(id)).toEqual([]);
    must(await admin.storage.deleteBucket(id));
    expect(await asPostgres("select from storage.buckets where id = $1", [id])).toEqual([]);
  });
});

describe("a bucket is refused", () => {
  it.each([
    ["a name that is taken", {}, "409", "The resource already exists"],
    ["a limit above the project's", { fileSizeLimit: "51GB" }, "413", "the maximum allowed size"],
    ["a limit that is not a size", { fileSizeLimit: "large" }, "400", "Invalid file size format"],
    ["an invalid type", { allowedMimeTypes: ["images"] }, "400", "no mime type"],
  ])("for %s", async (_case, options, statusCode, message) => {
    const id = await makeBucket();
    const name = statusCode === "409" ? id : newId();
    const { error } = await admin.storage.createBucket(name, { public: false, ...options });
    expect(error).toMatchObject({ name: "StorageApiError", status: 400, statusCode });
    expect(error?.message).toContain(message);
  });

  it.each(["a/b", "..\\x", "", " padded "])("for the name %j", async (name) => {
    const { error } = await admin.storage.createBucket(name);
    expect(error?.message).toBe("Bucket name invalid");
  });
});

describe("any other caller", () => {
  it("sees no bucket and creates none", async () => {
    const id = await makeBucket({ public: true });
    expect(must(await anon.storage.listBuckets())).toEqual([]);
    expect((await anon.storage.getBucket(id)).error).toMatchObject({ statusCode: "404" });
    expect((await anon.storage.createBucket(newId())).error).toMatchObject({ statusCode: "403" });
    expect((await anon.storage.updateBucket(id, { public: false })).error)
      .toMatchObject({ statusCode: "404" });
    expect((await anon.storage.deleteBucket(id)).error).toMatchObject({ statusCode: "404" });
    expect(must(await admin.storage.getBucket(id)).public).toBe(true);
  });
});
