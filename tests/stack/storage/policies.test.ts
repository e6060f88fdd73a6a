import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { asPostgres, createTestClient, createUser, must } from "../../helpers/stack.ts";
import type { TestUser } from "../../helpers/stack.ts";
import {
  admin,
  allowOwnFolder,
  countOnDisk,
  makeBucket,
  namesInTable,
  request,
} from "./storage-helpers.ts";

const anon = createTestClient();
let bucket: string;
let owner: TestUser;
let stranger: TestUser;

beforeAll(async () => {
  bucket = await makeBucket();
  await allowOwnFolder(bucket, ["select", "insert"]);
  [owner, stranger] = await Promise.all([createUser(), createUser()]);
});

const filesOf = (user: { client: typeof anon }) => user.client.storage.from(bucket);

async function upload(): Promise<{ name: string; text: string }> {
  const text = randomUUID();
  const name = `${owner.authId}/${text}.txt`;
  must(await filesOf(owner).upload(name, text));
  return { name, text };
}

describe("with policies for the user's own folder", () => {
  it("its owner uploads, sees, lists and owns objects", async () => {
    const { name, text } = await upload();
    expect(await must(await filesOf(owner).download(name)).text()).toBe(text);
    expect((await filesOf(owner).exists(name)).data).toBe(true);
    const listed = must(await filesOf(owner).list(owner.authId)).map((entry) => entry.name);
    expect(listed).toContain(`${text}.txt`);
    const [row] = await asPostgres(
      "select owner, owner_id from storage.objects where bucket_id = $1 and name = $2",
      [bucket, name],
    );
    expect(row).toEqual({ owner: owner.authId, owner_id: owner.authId });
  });

  it("others cannot see it", async () => {
    const { name } = await upload();
    for (const client of [stranger.client, anon]) {
      const files = client.storage.from(bucket);
      expect((await files.download(name)).error).toMatchObject({ statusCode: "404" });
      expect((await files.info(name)).error).toMatchObject({ statusCode: "404" });
      expect((await files.exists(name)).data).toBe(false);
      expect(must(await files.list())).toEqual([]);
      expect(must(await files.list(owner.authId))).toEqual([]);
    }
  });

  it("others cannot add, remove or change anything in it", async () => {
    const { name, text } = await upload();
    const marker = randomUUID();
    for (const client of [stranger.client, anon]) {
      const files = client.storage.from(bucket);
      const into = `${owner.authId}/${marker}.txt`;
      expect((await files.upload(into, marker)).error).toMatchObject({ statusCode: "403" });
      for (
        const attempt of [files.upload(name, marker, { upsert: true }), files.update(name, marker)]
      ) {
        expect((await attempt).error).toMatchObject({ statusCode: "403" });
      }
      expect((await files.move(name, `${stranger.authId}/x`)).error)
        .toMatchObject({ statusCode: "404" });
      expect((await files.copy(name, `${stranger.authId}/x`)).error)
        .toMatchObject({ statusCode: "404" });
      expect(must(await files.remove([name]))).toEqual([]);
    }
    expect(await must(await filesOf(owner).download(name)).text()).toBe(text);
    expect(await namesInTable(bucket)).not.toContain(`${owner.authId}/${marker}.txt`);
    expect(await countOnDisk(marker)).toBe(0);
  });

  it("without a policy for update or delete, the owner can do neither", async () => {
    const { name, text } = await upload();
    const files = filesOf(owner);
    expect((await files.update(name, "changed")).error).toMatchObject({ statusCode: "403" });
    expect((await files.move(name, `${name}.moved`)).error).toMatchObject({ statusCode: "404" });
    expect(must(await files.remove([name]))).toEqual([]);
    expect(await must(await files.download(name)).text()).toBe(text);
  });

  it("the owner can copy only within the folder", async () => {
    const { name, text } = await upload();
    must(await filesOf(owner).copy(name, `${name}.copy`));
    expect(await must(await filesOf(owner).download(`${name}.copy`)).text()).toBe(text);
    expect((await filesOf(owner).copy(name, `${stranger.authId}/x`)).error)
      .toMatchObject({ statusCode: "403" });
    expect(await namesInTable(bucket)).not.toContain(`${stranger.authId}/x`);
  });

  it("the secret key can do everything", async () => {
    const { name, text } = await upload();
    const files = admin.storage.from(bucket);
    expect(await must(await files.download(name)).text()).toBe(text);
    must(await files.update(name, "by admin"));
    const [row] = await asPostgres(
      "select owner_id from storage.objects where bucket_id = $1 and name = $2",
      [bucket, name],
    );
    expect(row).toEqual({ owner_id: owner.authId });
    must(await files.move(name, `${stranger.authId}/${text}`));
    expect(await must(await filesOf(stranger).download(`${stranger.authId}/${text}`)).text())
      .toBe("by admin");
    expect(must(await files.remove([`${stranger.authId}/${text}`]))).toHaveLength(1);
    expect(await countOnDisk("by admin")).toBe(0);
  });

  it("the secret key with a user's token acts as that user", async () => {
    const { name } = await upload();
    const as = (user: TestUser) =>
      request(`/object/${bucket}/${name}`, {
        headers: { authorization: `Bearer ${user.accessToken}` },
      });
    expect((await as(owner)).status).toBe(200);
    expect((await as(stranger)).status).toBe(400);
  });
});

describe("with all policies", () => {
  it("the owner can replace, move and remove, within the own folder", async () => {
    const full = await makeBucket();
    await allowOwnFolder(full, ["select", "insert", "update", "delete"]);
    const files = owner.client.storage.from(full);
    const name = `${owner.authId}/a.txt`;
    must(await files.upload(name, "first"));
    must(await files.upload(name, "second", { upsert: true }));
    expect((await files.move(name, `${stranger.authId}/a.txt`)).error)
      .toMatchObject({ statusCode: "403" });
    must(await files.move(name, `${owner.authId}/b.txt`));
    expect(await must(await files.download(`${owner.authId}/b.txt`)).text()).toBe("second");
    expect(must(await files.remove([`${owner.authId}/b.txt`]))).toHaveLength(1);
    expect(await namesInTable(full)).toEqual([]);
  });
});

describe("policies can check", () => {
  it("the type of the file and the operation", async () => {
    const asked = await makeBucket();
    await asPostgres(
      `create policy "${asked}" on storage.objects for insert to authenticated with check (
         bucket_id = '${asked}'
         and metadata ->> 'mimetype' = 'image/png'
         and storage.operation() = 'storage.object.upload'
         and auth.jwt() ->> 'email' = '${owner.email}'
       )`,
    );
    const attempt = (user: TestUser, name: string, contentType: string) =>
      user.client.storage.from(asked).upload(name, "x", { contentType });
    must(await attempt(owner, "a.png", "image/png"));
    expect((await attempt(owner, "b.png", "image/gif")).error).toMatchObject({ statusCode: "403" });
    expect((await attempt(stranger, "c.png", "image/png")).error)
      .toMatchObject({ statusCode: "403" });
    const { error } = await owner.client.storage.from(asked).createSignedUploadUrl("d.png");
    expect(error).toMatchObject({ statusCode: "403" });
    expect(await namesInTable(asked)).toEqual(["a.png"]);
  });

  it.each([
    ["a/b/c.tar.gz", ["a", "b"], "c.tar.gz", "gz"],
    ["c.txt", [], "c.txt", "txt"],
    ["a/plain", ["a"], "plain", "plain"],
  ])("the parts of %s", async (name, folder, file, extension) => {
    const [row] = await asPostgres(
      `select storage.foldername($1) as folder, storage.filename($1) as file,
         storage.extension($1) as extension`,
      [name],
    );
    expect(row).toEqual({ folder, file, extension });
  });
});

describe("the tables of Storage", () => {
  it("have row-level security that the API cannot bypass", async () => {
    const rows = await asPostgres(
      `select relname, relrowsecurity from pg_class
       where oid in ('storage.buckets'::regclass, 'storage.objects'::regclass) order by relname`,
    );
    expect(rows).toEqual([
      { relname: "buckets", relrowsecurity: true },
      { relname: "objects", relrowsecurity: true },
    ]);
  });
});
