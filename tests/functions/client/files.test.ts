import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { openApp } from "../../helpers/client-app.ts";
import { behave, resetOpenAI } from "../../helpers/openai.ts";
import { createSession, createUser, stack } from "../../helpers/stack.ts";

afterEach(resetOpenAI);
const user = await createUser();
const { parley } = await openApp(user);
const { files } = parley;

const text = (name: string, content = `The horse is called ${crypto.randomUUID()}.`) =>
  new File([content], name);

test("a small file goes through the function and becomes ready", async () => {
  const sessionId = await createSession(user);
  const shares: number[] = [];

  const upload = await files.upload(text("horse.md"), {
    sessionId,
    onProgress: (share) => shares.push(share),
  });
  const file = await upload.ready();

  expect(file).toMatchObject({ status: "ready", file_name: "horse.md", session_id: sessionId });
  expect(shares).toEqual([1]);
  expect((await files.list(sessionId)).map(({ id }) => id)).toEqual([file.id]);
  expect(files.part(file)).toMatchObject({ url: `parley:file/${file.id}`, filename: "horse.md" });
  expect(await (await fetch(await files.downloadUrl(file))).text()).toContain("The horse");
  await files.remove(file.id);
  expect(await files.list(sessionId)).toEqual([]);
});

test("a large file goes through Storage", async () => {
  const sessionId = await createSession(user);
  const name = "large.txt";

  const upload = await files.upload(text(name, "rain ".repeat(1_400_000)), { sessionId });

  expect(upload.file).toMatchObject({ file_name: name, session_id: sessionId });
  expect(upload.file.uploaded_as).toMatch(new RegExp(`^${user.profileId}/`));
});

test("a live event ends the waiting for a file", async () => {
  await behave({ indexing_ms: 3_000 });
  const sessionId = await createSession(user);
  const upload = await files.upload(text("slow.md"), { sessionId });
  const file = await upload.ready();
  expect(file.status).toBe("ready");
  // Queries would be seconds apart by then.
  expect(Date.now() - Date.parse(file.updated_at)).toBeLessThan(1_000);
});

test("a file that cannot be read rejects with its code", async () => {
  await behave({ fail: { path: "/v1/files", status: 400 } });
  const sessionId = await createSession(user);
  const upload = await files.upload(text("broken.md"), { sessionId });
  await expect(upload.ready()).rejects.toMatchObject({
    name: "ParleyError",
    code: "file_unreadable",
  });
});

test("a refused upload rejects with its code", async () => {
  const sessionId = await createSession(user);
  await expect(files.upload(text("empty.md", ""), { sessionId })).rejects
    .toMatchObject({ code: "empty_file", status: 400 });
});

test("an abort ends an upload to Storage at once", async () => {
  // The bytes go to a Storage that takes them for ever.
  const storage = createServer(() => aborting.abort());
  const aborting = new AbortController();
  await new Promise<void>((resolve) => storage.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    storage.closeAllConnections();
    storage.close();
  });
  const { port } = storage.address() as AddressInfo; // A server that listens on a port has one.
  const url = `http://127.0.0.1:${port}`;
  const app = await openApp(
    user,
    url,
    (input, init) => fetch(String(input).replace(url, stack.API_URL), init),
  );
  const large = text("large.txt", "x".repeat(7_000_000));

  const uploading = app.parley.files.upload(large, {
    sessionId: await createSession(user),
    signal: aborting.signal,
  });

  await expect(uploading).rejects.toMatchObject({ name: "ParleyError", code: "aborted" });
});

test("an abort ends the waiting", async () => {
  await behave({ indexing_ms: 5_000 });
  const sessionId = await createSession(user);
  const upload = await files.upload(text("slow.md"), { sessionId });
  await expect(upload.ready({ signal: AbortSignal.timeout(300) })).rejects
    .toMatchObject({ code: "aborted" });
});
