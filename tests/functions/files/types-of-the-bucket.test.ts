import { afterEach, expect, test } from "vitest";
import { ACCEPTED_TYPES, OTHER_TYPE } from "../../../functions/_shared/session-files/file-kinds.ts";
import { createTestClient, createUser, must, stack } from "../../helpers/stack.ts";

const user = await createUser();
const bucket = user.client.storage.from("chat-files");
const names: string[] = [];

/** Removes the objects: a user may have 100 that no row names, and other tests count them. */
afterEach(async () => {
  must(
    await createTestClient(stack.SECRET_KEY).storage.from("chat-files").remove(names.splice(0)),
  );
});

function upload(contentType: string | undefined, content: string | Blob = "x") {
  const name = `${user.profileId}/${crypto.randomUUID()}.txt`;
  names.push(name);
  return bucket.upload(name, content, contentType === undefined ? {} : { contentType });
}

test("the bucket takes every type that registration accepts", async () => {
  for (const type of [...ACCEPTED_TYPES, OTHER_TYPE]) {
    expect((await upload(type)).error, type).toBeNull();
  }
});

test("the bucket takes a text without a type, as storage-js sends it", async () => {
  expect((await upload(undefined)).error).toBeNull();
  expect((await upload(undefined, new Blob(["x"]))).error).toBeNull();
  expect((await upload(undefined, new Blob(["x"], { type: "text/csv" }))).error).toBeNull();
});

test.for([
  "image/svg+xml",
  "image/svg+xml;charset=utf-8",
  "text/xml",
  "application/xml",
  "application/xhtml+xml",
  "application/x-shockwave-flash",
  "multipart/related",
  "text",
])("the bucket refuses the type %s, which a browser may run", async (type) => {
  expect((await upload(type)).error).toMatchObject({ statusCode: "415" });
  expect((await upload(undefined, new Blob(["<svg/>"], { type }))).error).not.toBeNull();
});

test("a copy cannot give an object another type", async () => {
  const from = `${user.profileId}/page.txt`;
  names.push(from);
  must(await bucket.upload(from, "<svg onload='alert(1)'/>", { contentType: "text/plain" }));
  const response = await fetch(`${stack.API_URL}/storage/v1/object/copy`, {
    method: "POST",
    headers: {
      apikey: stack.PUBLISHABLE_KEY,
      authorization: `Bearer ${user.accessToken}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({
      bucketId: "chat-files",
      sourceKey: from,
      destinationKey: `${user.profileId}/page.svg`,
      copyMetadata: false,
      metadata: { mimetype: "image/svg+xml" },
    }),
  });

  expect(await response.json()).toMatchObject({ statusCode: "403" });
});

test("a page is served as text, and a download by its name", async () => {
  const name = `${user.profileId}/page.html`;
  names.push(name);
  must(await bucket.upload(name, "<script>alert(1)</script>", { contentType: "text/html" }));

  const shown = await fetch(must(await bucket.createSignedUrl(name, 60)).signedUrl);
  expect(shown.headers.get("content-type")).toMatch(/^text\/plain/);
  const link = must(await bucket.createSignedUrl(name, 60, { download: "page.html" })).signedUrl;
  expect((await fetch(link)).headers.get("content-disposition")).toMatch(/^attachment/);
});
