import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { asPostgres, createTestClient, createUser, must, stack } from "../../helpers/stack.ts";
import type { TestUser } from "../../helpers/stack.ts";
import { admin, allowOwnFolder, countOnDisk, makeBucket } from "./storage-helpers.ts";

const anon = createTestClient();
let bucket: string;
let owner: TestUser;
let stranger: TestUser;
let own: string;

beforeAll(async () => {
  bucket = await makeBucket();
  await allowOwnFolder(bucket, ["select", "insert"]);
  [owner, stranger] = await Promise.all([createUser(), createUser()]);
  own = `${owner.authId}/r&d: a, 1?.txt`;
  must(await admin.storage.from(bucket).move(await uploaded("text"), own));
});

/** Uploads a text under a name with `?` and `#`, by a move, because storage-js does not escape these in upload URLs. */
async function uploaded(text: string): Promise<string> {
  const name = `${owner.authId}/${randomUUID()}.txt`;
  must(await owner.client.storage.from(bucket).upload(name, text));
  return name;
}

describe("a signed URL", () => {
  it("opens the object to anyone who has it", async () => {
    const name = await uploaded("text");
    const signed = must(await owner.client.storage.from(bucket).createSignedUrl(name, 60));
    const response = await fetch(signed.signedUrl);
    expect(await response.text()).toBe("text");
    const expires = Date.parse(response.headers.get("expires") ?? "");
    expect(expires - Date.now()).toBeGreaterThan(50_000);
    expect(expires - Date.now()).toBeLessThan(61_000);
  });

  it("gives the download a file name", async () => {
    const name = await uploaded("text");
    const sign = (download: string | true) =>
      owner.client.storage.from(bucket).createSignedUrl(name, 60, { download });
    const named = await fetch(must(await sign("report 1.txt")).signedUrl);
    expect(named.headers.get("content-disposition")).toBe(
      "attachment; filename=report%201.txt; filename*=UTF-8''report%201.txt;",
    );
    const plain = await fetch(must(await sign(true)).signedUrl);
    expect(plain.headers.get("content-disposition")).toBe("attachment;");
  });

  it("can be made for several objects, and reports missing ones", async () => {
    const name = await uploaded("one of many");
    const missing = `${owner.authId}/missing.txt`;
    const signed = must(
      await owner.client.storage.from(bucket).createSignedUrls([name, missing], 60),
    );
    expect(signed).toMatchObject([
      { path: name, error: null },
      {
        path: missing,
        error: "Either the object does not exist or you do not have access to it",
        signedUrl: null,
      },
    ]);
    expect(await (await fetch(signed[0]?.signedUrl ?? "")).text()).toBe("one of many");
  });

  it("is refused to users who may not see the object", async () => {
    const name = await uploaded("secret");
    for (const client of [stranger.client, anon]) {
      const files = client.storage.from(bucket);
      expect((await files.createSignedUrl(name, 60)).error)
        .toMatchObject({ statusCode: "404", message: "Object not found" });
      expect(must(await files.createSignedUrls([name], 60))[0]?.signedUrl).toBeNull();
    }
  });

  it("is refused once it has expired", async () => {
    const name = await uploaded("text");
    const { signedUrl } = must(
      await owner.client.storage.from(bucket).createSignedUrl(name, 1),
    );
    await vi.waitFor(async () => {
      expect(await (await fetch(signedUrl)).json()).toMatchObject({
        statusCode: "400",
        error: "InvalidJWT",
        message: '"exp" claim timestamp check failed',
      });
    }, { timeout: 5000, interval: 200 });
  });

  it.each([
    ["a changed token", (url: string) => url.replace(/.{3}$/, "AAA"), "InvalidJWT"],
    ["no token's form", (url: string) => url.replace(/token=.*/, "token=x"), "InvalidJWT"],
    ["another object", (url: string) => url.replace(".txt", ".md"), "InvalidSignature"],
    ["no token", (url: string) => url.replace(/\?.*/, ""), "InvalidRequest"],
  ])("with %s is refused", async (_case, change, error) => {
    const name = await uploaded("text");
    const { signedUrl } = must(
      await owner.client.storage.from(bucket).createSignedUrl(name, 60),
    );
    const response = await fetch(change(signedUrl));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error });
  });

  it("cannot be forged with a user's access token", async () => {
    const name = await uploaded("text");
    const url = `${stack.API_URL}/storage/v1/object/sign/${bucket}/${name}`;
    const response = await fetch(`${url}?token=${owner.accessToken}`);
    expect(await response.json()).toMatchObject({ error: "InvalidJWT" });
  });

  it("needs a lifetime of at least a second", async () => {
    const name = await uploaded("text");
    const { error } = await owner.client.storage.from(bucket).createSignedUrl(name, 0);
    expect(error).toMatchObject({ statusCode: "400" });
  });

  it("works for names that a URL has to escape", async () => {
    const [signed] = must(await owner.client.storage.from(bucket).createSignedUrls([own], 60));
    const { pathname } = new URL(signed?.signedURL ?? "", stack.API_URL);
    expect(pathname).toContain("r&d");
    const escaped = own.split("/").map(encodeURIComponent).join("/");
    const token = signed?.signedURL?.split("token=")[1];
    const url = `${stack.API_URL}/storage/v1/object/sign/${bucket}/${escaped}?token=${token}`;
    expect(await (await fetch(url)).text()).toBe("text");
  });
});

describe("a signed upload URL", () => {
  it("lets anyone upload once, in the name of its creator", async () => {
    const name = `${owner.authId}/${randomUUID()}.txt`;
    const { token, path } = must(
      await owner.client.storage.from(bucket).createSignedUploadUrl(name),
    );
    expect(path).toBe(name);
    const sent = must(await anon.storage.from(bucket).uploadToSignedUrl(name, token, "first"));
    expect(sent).toEqual({ path: name, fullPath: `${bucket}/${name}` });
    const again = await anon.storage.from(bucket).uploadToSignedUrl(name, token, "second");
    expect(again.error).toMatchObject({ statusCode: "409" });

    expect(await must(await owner.client.storage.from(bucket).download(name)).text()).toBe("first");
    const [row] = await asPostgres(
      "select owner_id, owner from storage.objects where bucket_id = $1 and name = $2",
      [bucket, name],
    );
    expect(row).toEqual({ owner_id: owner.authId, owner: owner.authId });
  });

  it("replaces the object if it was signed for that", async () => {
    const name = await uploaded("first");
    const options = { upsert: true };
    const { token } = must(
      await admin.storage.from(bucket).createSignedUploadUrl(name, options),
    );
    must(await anon.storage.from(bucket).uploadToSignedUrl(name, token, new Blob(["second"])));
    expect(await must(await admin.storage.from(bucket).download(name)).text()).toBe("second");
  });

  it("is refused to users who may not upload there", async () => {
    const name = `${owner.authId}/${randomUUID()}.txt`;
    for (const client of [stranger.client, anon]) {
      const { error } = await client.storage.from(bucket).createSignedUploadUrl(name);
      expect(error).toMatchObject({ statusCode: "403" });
    }
    const taken = await owner.client.storage.from(bucket).createSignedUploadUrl(
      await uploaded("there"),
    );
    expect(taken.error).toMatchObject({ statusCode: "409" });
  });

  it("works only for its own object and for uploading", async () => {
    const marker = randomUUID();
    const files = owner.client.storage.from(bucket);
    const name = `${owner.authId}/${randomUUID()}.txt`;
    const { token } = must(await files.createSignedUploadUrl(name));
    const elsewhere = await anon.storage.from(bucket).uploadToSignedUrl(`${name}x`, token, marker);
    expect(elsewhere.error).toMatchObject({ statusCode: "400", message: "Invalid signature" });

    const { signedUrl } = must(await files.createSignedUrl(await uploaded("text"), 60));
    const upload = signedUrl.replace("/object/sign/", "/object/upload/sign/");
    const response = await fetch(upload, { method: "PUT", body: marker });
    expect(await response.json()).toMatchObject({ error: "InvalidSignature" });
    expect(await countOnDisk(marker)).toBe(0);
  });
});
