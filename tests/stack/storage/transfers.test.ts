import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { asPostgres, deleteObjectRow, must } from "../../helpers/stack.ts";
import { admin, countOnDisk, makeBucket, namesInTable } from "./storage-helpers.ts";

let bucket: string;
let files: ReturnType<typeof admin.storage.from>;

beforeAll(async () => {
  bucket = await makeBucket();
  files = admin.storage.from(bucket);
});

/** Uploads a file with a text of its own and returns name and text. */
async function upload(): Promise<{ name: string; text: string }> {
  const text = randomUUID();
  const name = `from/${text}.txt`;
  const options = { contentType: "text/csv", cacheControl: "60", metadata: { page: 1 } };
  must(await files.upload(name, text, options));
  return { name, text };
}

async function textOf(name: string, from = files): Promise<string> {
  return await must(await from.download(name)).text();
}

describe("exists", () => {
  it("tells whether an object is there", async () => {
    const { name } = await upload();
    expect((await files.exists(name)).data).toBe(true);
    expect((await files.exists(`${name}x`)).data).toBe(false);
    expect((await files.exists("from")).data).toBe(false);
  });
});

describe("move", () => {
  it("renames the object and keeps its other properties", async () => {
    const { name, text } = await upload();
    const before = must(await files.info(name));
    expect(must(await files.move(name, `to/${text}`)).message).toBe("Successfully moved");
    expect((await files.exists(name)).data).toBe(false);
    expect(await textOf(`to/${text}`)).toBe(text);
    expect(must(await files.info(`to/${text}`))).toMatchObject({
      id: before.id,
      contentType: "text/csv",
      cacheControl: "max-age=60",
      metadata: { page: 1 },
    });
    expect(await countOnDisk(text)).toBe(1);
  });

  it("goes to another bucket", async () => {
    const { name, text } = await upload();
    const other = await makeBucket();
    must(await files.move(name, name, { destinationBucket: other }));
    expect(await textOf(name, admin.storage.from(other))).toBe(text);
    expect((await files.exists(name)).data).toBe(false);
  });

  it("is refused from a missing object, onto an existing one, and to a missing bucket", async () => {
    const [one, other] = [await upload(), await upload()];
    expect((await files.move("nothing", "x")).error).toMatchObject({ statusCode: "404" });
    expect((await files.move(one.name, other.name)).error).toMatchObject({ statusCode: "409" });
    expect((await files.move(one.name, "x", { destinationBucket: "nowhere" })).error)
      .toMatchObject({ statusCode: "404", message: "Bucket not found" });
    expect(await textOf(one.name)).toBe(one.text);
    expect(await textOf(other.name)).toBe(other.text);
  });
});

describe("copy", () => {
  it("creates an independent object", async () => {
    const { name, text } = await upload();
    const { path } = must(await files.copy(name, `copy/${text}`));
    expect(path).toBe(`${bucket}/copy/${text}`);
    expect(must(await files.info(`copy/${text}`))).toMatchObject({
      size: text.length,
      contentType: "text/csv",
      metadata: { page: 1 },
    });
    must(await files.remove([name]));
    expect(await textOf(`copy/${text}`)).toBe(text);
    expect(await countOnDisk(text)).toBe(1);
  });

  it("goes to another bucket, with other metadata", async () => {
    const { name, text } = await upload();
    const other = await makeBucket();
    must(
      await files.copy(name, name, {
        destinationBucket: other,
        copyMetadata: false,
        metadata: { mimetype: "text/markdown" },
      }),
    );
    expect(must(await admin.storage.from(other).info(name))).toMatchObject({
      contentType: "text/markdown",
      cacheControl: "max-age=60",
      metadata: null,
    });
    expect(await textOf(name, admin.storage.from(other))).toBe(text);
  });

  it("is refused from a missing object and onto an existing one, and leaves no bytes", async () => {
    const [one, other] = [await upload(), await upload()];
    expect((await files.copy("nothing", "x")).error).toMatchObject({ statusCode: "404" });
    expect((await files.copy(one.name, other.name)).error).toMatchObject({ statusCode: "409" });
    expect(await textOf(other.name)).toBe(other.text);
    expect(await countOnDisk(one.text)).toBe(1);
  });
});

describe("remove", () => {
  it("deletes several objects, rows and bytes, and returns those that were there", async () => {
    const [one, other, kept] = [await upload(), await upload(), await upload()];
    const removed = must(await files.remove([one.name, other.name, "nothing"]));
    expect(removed.map(({ name }) => name).sort()).toEqual([one.name, other.name].sort());
    const names = await namesInTable(bucket);
    expect(names).toContain(kept.name);
    expect(names).not.toContain(one.name);
    expect(await countOnDisk(one.text) + await countOnDisk(other.text)).toBe(0);
    expect(await countOnDisk(kept.text)).toBe(1);
  });

  it("of a folder's name removes no objects in it", async () => {
    const { name } = await upload();
    expect(must(await files.remove(["from", "from/"]))).toEqual([]);
    expect((await files.exists(name)).data).toBe(true);
  });

  it("by SQL is refused, because it would leave the bytes", async () => {
    const { name, text } = await upload();
    await expect(asPostgres("delete from storage.objects where name = $1", [name]))
      .rejects.toMatchObject({ code: "42501" });
    await expect(asPostgres("truncate storage.buckets_vectors cascade"))
      .rejects.toMatchObject({ code: "42501" });
    expect(await textOf(name)).toBe(text);
  });

  it("by SQL makes the object missing, and its name is free again", async () => {
    const { name } = await upload();
    await deleteObjectRow(bucket, name);
    expect((await files.download(name)).error).toMatchObject({ statusCode: "404" });
    must(await files.upload(name, "again"));
    expect(await textOf(name)).toBe("again");
  });
});
