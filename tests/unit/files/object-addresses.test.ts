import { createClient } from "@supabase/supabase-js";
import { expect, test } from "vitest";
import {
  createFileStorage,
  StorageFailure,
} from "../../../functions/_shared/session-files/file-storage.ts";

const API = "http://127.0.0.1:9";

/** Returns the bucket and a list of the requests to Storage. Signed links are answered unescaped, as Supabase does. */
function recorded() {
  const requests: { method: string; path: string; body: unknown }[] = [];
  const record: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const { pathname, search } = new URL(request.url);
    const text = await request.text();
    const body = text.startsWith("{") ? JSON.parse(text) : text;
    requests.push({ method: request.method, path: pathname + search, body });
    const sign = (path: string) => ({
      path,
      error: null,
      signedURL: `/object/sign/chat-files/${path}?token=t`,
    });
    return Response.json(body.paths?.map(sign) ?? { Id: "1", Key: "2" });
  };
  const admin = createClient(API, "secret", { global: { fetch: record } });
  return { storage: createFileStorage(admin), requests };
}

const content = () => new Blob(["text"]).stream();

test.for([
  "me/../them/diary.txt",
  "me/../../other-bucket/x",
  "me/../../../../rest/v1/profiles",
  "me/..",
  "me/./x",
  "..",
  ".",
  "",
  "me//x",
  "/me/x",
  "me/x/",
  "me/\ud800",
])("for a name without an address of its own, Storage is not called: %j", async (path) => {
  const { storage, requests } = recorded();

  await expect(storage.open(path)).rejects.toThrow(StorageFailure);
  await expect(storage.put(path, content(), "text/plain")).rejects.toThrow(StorageFailure);
  await expect(storage.move(path, "me/new")).rejects.toThrow(StorageFailure);
  expect(await storage.sign([{ path, name: "x" }], 60)).toEqual(new Map());
  expect(requests).toEqual([]);

  // Removing sends names in the body, where they are not resolved. An object with such a name can still be removed.
  await storage.remove([path]);
  expect(requests).toEqual([
    { method: "DELETE", path: "/storage/v1/object/chat-files", body: { prefixes: [path] } },
  ]);
});

test.for([
  ["me/notes of mine.md", "me/notes%20of%20mine.md"],
  ["me/a?download=1", "me/a%3Fdownload%3D1"],
  ["me/a#b", "me/a%23b"],
  ["me/%2e%2e/x", "me/%252e%252e/x"],
  ["me/..%2fthem/x", "me/..%252fthem/x"],
  ["me/..\\x", "me/..%5Cx"],
  ["me/.\t./x", "me/.%09./x"],
  ["me/.. ", "me/..%20"],
  ["me/Grüße!'()*.txt", "me/Gr%C3%BC%C3%9Fe!'()*.txt"],
])("%j is escaped segment by segment", async ([path = "", address]) => {
  const { storage, requests } = recorded();

  await storage.open(path);
  await storage.put(path, content(), "text/plain");

  expect(requests.map((request) => request.path)).toEqual(
    Array(2).fill(`/storage/v1/object/chat-files/${address}`),
  );
});

test("only a link to the requested object is returned", async () => {
  const { storage, requests } = recorded();
  const good = ["me/notes.md", "me/a b&c=d;e,f+g.md", "me/Grüße.md"];

  const asked = [...good, "me/../them/x", "me/a?b=1", "me/a#b"];
  const objects = asked.map((path) => ({ path, name: "a&b=c.md" }));

  const links = await storage.sign(objects, 60);

  expect(Array.from(links.keys())).toEqual(good);
  for (const [path, link] of links) {
    const { pathname, searchParams } = new URL(link);
    expect(searchParams.get("download")).toBe("a&b=c.md");
    expect(decodeURIComponent(pathname)).toBe(`/storage/v1/object/sign/chat-files/${path}`);
  }
  expect(requests).toHaveLength(1);
});
