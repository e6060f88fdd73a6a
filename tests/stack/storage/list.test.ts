import { beforeAll, describe, expect, it } from "vitest";
import { must } from "../../helpers/stack.ts";
import { admin, makeBucket } from "./storage-helpers.ts";

let bucket: string;

beforeAll(async () => {
  bucket = await makeBucket();
  for (const name of ["b.txt", "a_1.txt", "aX1.txt", "docs/z.txt", "docs/deep/y.txt", "x/1.txt"]) {
    must(await admin.storage.from(bucket).upload(name, name));
  }
  must(await admin.storage.from(bucket).update("aX1.txt", "changed last"));
});

async function list(...args: Parameters<ReturnType<typeof admin.storage.from>["list"]>) {
  return must(await admin.storage.from(bucket).list(...args)).map(({ name }) => name);
}

describe("a list", () => {
  it("shows one folder, with files and folders in one order that ignores case", async () => {
    expect(await list()).toEqual(["a_1.txt", "aX1.txt", "b.txt", "docs", "x"]);
    expect(await list("docs")).toEqual(["deep", "z.txt"]);
    expect(await list("docs/")).toEqual(["deep", "z.txt"]);
    expect(await list("docs/deep")).toEqual(["y.txt"]);
    expect(await list("DOCS")).toEqual(["deep", "z.txt"]);
    expect(await list("doc")).toEqual([]);
  });

  it("describes files, and gives only the names of folders", async () => {
    const [folder, file] = must(await admin.storage.from(bucket).list("docs"));
    expect(folder).toEqual({
      name: "deep",
      id: null,
      created_at: null,
      updated_at: null,
      last_accessed_at: null,
      metadata: null,
    });
    expect(file).toEqual({
      name: "z.txt",
      id: expect.any(String),
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      updated_at: expect.any(String),
      last_accessed_at: expect.any(String),
      metadata: {
        eTag: expect.any(String),
        size: 10,
        mimetype: "text/plain;charset=UTF-8",
        cacheControl: "max-age=3600",
        lastModified: expect.any(String),
        contentLength: 10,
        httpStatusCode: 200,
      },
    });
  });

  it("is cut by limit and offset", async () => {
    expect(await list("", { limit: 2, offset: 1 })).toEqual(["aX1.txt", "b.txt"]);
    expect(await list("", { limit: 2, offset: 5 })).toEqual([]);
  });

  it("is sorted", async () => {
    const byName = await list("", { sortBy: { column: "name", order: "desc" } });
    expect(byName).toEqual(["x", "docs", "b.txt", "aX1.txt", "a_1.txt"]);
    // By a time, folders come first.
    const byChange = await list("", { sortBy: { column: "updated_at", order: "desc" } });
    expect(byChange.slice(0, 3)).toEqual(["x", "docs", "aX1.txt"]);
    const { error } = await admin.storage.from(bucket).list("", {
      sortBy: { column: "name; drop table storage.objects" },
    });
    expect(error).toMatchObject({ statusCode: "400" });
  });

  it("is searched by the beginning of names, ignoring case and without wildcards", async () => {
    expect(await list("", { search: "A" })).toEqual(["a_1.txt", "aX1.txt"]);
    expect(await list("", { search: "a_" })).toEqual(["a_1.txt"]);
    expect(await list("", { search: "%" })).toEqual([]);
    expect(await list("docs", { search: "DE" })).toEqual(["deep"]);
  });

  it("of an unknown bucket is empty", async () => {
    expect(must(await admin.storage.from("nowhere").list())).toEqual([]);
  });
});
