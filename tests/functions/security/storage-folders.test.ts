import { afterAll, beforeAll, expect, test } from "vitest";
import { asPostgres, createTestClient, createUser, must, stack } from "../../helpers/stack.ts";

const [owner, stranger] = [await createUser(), await createUser()];
const path = `${owner.profileId}/diary.txt`;
const secret = crypto.randomUUID();
const ofOwner = owner.client.storage.from("chat-files");

beforeAll(async () => {
  must(await ofOwner.upload(path, secret));
});

/** Removes the objects, because other tests count objects that no row names. */
afterAll(async () => {
  const all = createTestClient(stack.SECRET_KEY).storage.from("chat-files");
  for (const { profileId } of [owner, stranger]) {
    const names = must(await all.list(profileId)).map(({ name }) => `${profileId}/${name}`);
    if (names.length > 0) must(await all.remove(names));
  }
});

const outsiders = [["a stranger", stranger.client], ["anybody", createTestClient()]] as const;

test.for(outsiders)("%s cannot reach another user's folder by any call", async ([, client]) => {
  const files = client.storage.from("chat-files");
  const own = `${stranger.profileId}/stolen.txt`;
  const attempts = [
    files.download(path),
    files.info(path),
    files.createSignedUrl(path, 60),
    files.createSignedUploadUrl(path, { upsert: true }),
    files.createSignedUploadUrl(`${owner.profileId}/planted.txt`),
    files.copy(path, own),
    files.move(path, own),
    files.upload(path, "mine", { upsert: true }),
    files.upload(`${owner.profileId}/planted.txt`, "mine"),
    files.update(path, "mine"),
  ];

  for (const attempt of attempts) expect((await attempt).error).not.toBeNull();
  for (const folder of ["", owner.profileId, `${owner.profileId}/`, `${owner.profileId}/..`]) {
    const listed = await files.list(folder);
    expect(JSON.stringify(listed.data ?? [])).not.toMatch(/diary|planted/);
  }
  expect(must(await files.createSignedUrls([path], 60))[0]?.signedUrl ?? null).toBeNull();
  expect((await files.remove([path])).data ?? []).toEqual([]);
  expect(await must(await ofOwner.download(path)).text()).toBe(secret);
});

test.for([
  (victim: string, own: string) => `${own}/../${victim}/planted.txt`,
  (victim: string, own: string) => `${own}/%2e%2e/${victim}/planted.txt`,
  (victim: string) => `/${victim}/planted.txt`,
  (victim: string) => `./${victim}/planted.txt`,
  (victim: string) => `${victim}//planted.txt`,
  (victim: string, own: string) => `${own}\\..\\${victim}\\planted.txt`,
  (victim: string) => `${victim.toUpperCase()}/planted.txt`,
  (_: string, own: string) => `${own}/line\r\nset-cookie: x.txt`,
  (_: string, own: string) => `${own}/zero\0.txt`,
])("no path escapes into another user's folder, or injects a header (%#)", async (make) => {
  const climbing = make(owner.profileId, stranger.profileId);
  const encoded = climbing.split("/").map(encodeURIComponent).join("/");
  for (const target of [encoded, climbing.replaceAll(/[\r\n\0]/g, encodeURIComponent)]) {
    const response = await fetch(`${stack.API_URL}/storage/v1/object/chat-files/${target}`, {
      method: "POST",
      headers: {
        apikey: stack.PUBLISHABLE_KEY,
        authorization: `Bearer ${stranger.accessToken}`,
        "content-type": "text/plain",
      },
      body: "mine",
    });
    expect(response.status, await response.text()).toBeGreaterThanOrEqual(400);
    expect(response.status).toBeLessThan(500);
    expect(response.headers.get("set-cookie")).toBeNull();
  }
  const planted = "select name from storage.objects where name like '%planted%'";
  expect(await asPostgres(planted)).toEqual([]);
});

test("a download gets the requested name, and no injected header", async () => {
  const { signedUrl } = must(await ofOwner.createSignedUrl(path, 60));
  for (const name of ['a"; x="b.txt', "a\r\nset-cookie: x=1", "näme 💬.txt", "../../x", "a;b,c"]) {
    const response = await fetch(`${signedUrl}&download=${encodeURIComponent(name)}`);
    const disposition = response.headers.get("content-disposition") ?? "";

    expect(response.status).toBe(200);
    expect(response.headers.get("set-cookie")).toBeNull();
    expect(disposition).toMatch(/^attachment/);
    expect(disposition).not.toMatch(/; x="b|[\r\n]/);
  }
});

test("an uploaded page never runs as a page of the API", async () => {
  const page = `${owner.profileId}/page.html`;
  must(await ofOwner.upload(page, "<script>alert(1)</script>", { contentType: "text/html" }));
  const { signedUrl } = must(await ofOwner.createSignedUrl(page, 60));
  const { headers } = await fetch(signedUrl);

  expect(headers.get("content-type")).toMatch(/^text\/plain/);
});
