import { randomBytes, randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { asPostgres, must } from "../../helpers/stack.ts";
import { admin, countOnDisk, makeBucket } from "./storage-helpers.ts";

const WRITERS = 12;
const SIZE = 400_000;

/** Files that begin alike, so that they can be counted on disk, and differ in every later byte. */
function makeFiles(marker: string): Buffer<ArrayBuffer>[] {
  return Array.from(
    { length: WRITERS },
    (_, index) =>
      Buffer.concat([Buffer.from(marker), Buffer.alloc(SIZE + index, randomBytes(1)[0])]),
  );
}

async function read(bucket: string, name: string): Promise<Buffer> {
  const blob = must(await admin.storage.from(bucket).download(name));
  return Buffer.from(await blob.arrayBuffer());
}

describe("parallel writers to one name", () => {
  // Supabase checks whether the name is free before the bytes arrive, and then replaces what has come meanwhile.
  it.each([
    ["as bodies", (data: Buffer<ArrayBuffer>) => data, false],
    ["as forms", (data: Buffer<ArrayBuffer>) => new Blob([data]), false],
    ["with upsert", (data: Buffer<ArrayBuffer>) => data, true],
  ])("leave the row and the bytes of one of them, %s", async (_kind, wrap, upsert) => {
    const bucket = await makeBucket();
    const marker = randomUUID();
    const files = makeFiles(marker);
    const results = await Promise.all(
      files.map((file, writer) =>
        admin.storage.from(bucket).upload("same", wrap(file), { upsert, metadata: { writer } })
      ),
    );
    const writers = results.flatMap(({ error }, index) => error ? [] : [index]);
    expect(writers.length).toBeGreaterThan(0);
    for (const { error } of results.filter(({ error }) => error)) {
      expect([upsert, error]).toMatchObject([false, { statusCode: "409" }]);
    }

    const [row] = await asPostgres<{ writer: number; size: number }>(
      `select (user_metadata ->> 'writer')::int as writer, (metadata ->> 'size')::int as size
       from storage.objects where bucket_id = $1`,
      [bucket],
    );
    expect(writers).toContain(row?.writer);
    const expected = files[row?.writer ?? -1];
    expect(row?.size).toBe(expected?.length);
    expect((await read(bucket, "same")).equals(expected ?? Buffer.of())).toBe(true);
    expect(await countOnDisk(marker)).toBe(1);
  });

  it("with upsert, a reader always sees a whole file", async () => {
    const bucket = await makeBucket();
    const files = makeFiles(randomUUID());
    must(await admin.storage.from(bucket).upload("same", files[0] ?? ""));
    let writing = true;
    const written = Promise.all(
      files.map((file) => admin.storage.from(bucket).upload("same", file, { upsert: true })),
    ).finally(() => writing = false);
    let reads = 0;
    do {
      const seen = await read(bucket, "same");
      expect(files.some((file) => file.equals(seen))).toBe(true);
      reads++;
    } while (writing);
    (await written).forEach(must);
    expect(reads).toBeGreaterThan(1);
  });

  it("with removers, a name ends with its bytes or with neither row nor bytes", async () => {
    const bucket = await makeBucket();
    const marker = randomUUID();
    const files = makeFiles(marker);
    await Promise.all(files.flatMap((file) => [
      admin.storage.from(bucket).upload("same", file, { upsert: true }).then(must),
      admin.storage.from(bucket).remove(["same"]).then(must),
    ]));
    const { data: there } = await admin.storage.from(bucket).exists("same");
    expect(await countOnDisk(marker)).toBe(there ? 1 : 0);
    if (there) expect((await read(bucket, "same")).subarray(0, 36).toString()).toBe(marker);
  });
});
