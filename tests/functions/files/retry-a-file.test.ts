import { afterEach, expect, test } from "vitest";
import {
  drain,
  indexed,
  objectsOf,
  orphans,
  postFile,
  retryFile,
  upload,
  uploadForm,
  uploadReady,
} from "../../helpers/files.ts";
import { behave, openaiRequests, resetOpenAI } from "../../helpers/openai.ts";
import { createSession, createUser, stack } from "../../helpers/stack.ts";

afterEach(resetOpenAI);

test("the bytes of a failed file stay until it is deleted; only its owner can retry it", async () => {
  const user = await createUser();
  const sessionId = await createSession(user);
  await behave({ fail: { path: "/v1/files", status: 400 } });
  const { id, storage_path } = await upload(user, sessionId, "The horse is called Comet.", "a.txt");
  expect(await indexed(user, id)).toMatchObject({
    status: "failed",
    error: { code: "file_unreadable" },
  });
  await resetOpenAI();
  await drain();
  expect(await objectsOf(user)).toEqual([storage_path]);

  const stranger = await retryFile(await createUser(), id);
  expect([stranger.status, (await stranger.json()).code]).toEqual([404, "file_not_found"]);
  const own = await retryFile(user, id);

  expect(own.status).toBe(202);
  expect(await own.json()).toMatchObject({ id, status: "indexing", error: null });
  expect(await indexed(user, id)).toMatchObject({ status: "ready", error: null });
  const again = await retryFile(user, id);
  expect([again.status, (await again.json()).code]).toEqual([409, "file_not_failed"]);

  const deleted = await fetch(`${stack.FUNCTIONS_URL}/files/${id}`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${user.accessToken}` },
  });
  expect(deleted.status).toBe(204);
  await drain();
  expect(await objectsOf(user)).toEqual([]);
  expect(await orphans()).toEqual([]);
});

test("ten retries at once start one", async () => {
  const user = await createUser();
  const sessionId = await createSession(user);
  await behave({ fail: { path: "/v1/files", status: 400 } });
  const { id } = await upload(user, sessionId, "The cow is called Daisy.", "b.txt");
  await indexed(user, id);
  await resetOpenAI();
  const uploads = async () =>
    (await openaiRequests()).filter(({ method, path }) => method === "POST" && path === "/v1/files")
      .length;
  const before = await uploads();

  const replies = await Promise.all(Array.from({ length: 10 }, () => retryFile(user, id)));

  expect(replies.map(({ status }) => status).sort()).toEqual([202, ...Array(9).fill(409)]);
  await indexed(user, id);
  expect(await uploads() - before).toBe(1);
});

test("an interrupted upload, an id that is none, and a missing token are refused", async () => {
  const user = await createUser();
  const sessionId = await createSession(user);
  const cut = await fetch(`${stack.FUNCTIONS_URL}/files`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${user.accessToken}`,
      "content-type": "multipart/form-data; boundary=x",
    },
    body:
      `--x\r\ncontent-disposition: form-data; name="session_id"\r\n\r\n${sessionId}\r\n--x\r\n` +
      `content-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n` +
      "Hello ".repeat(2_000),
  });
  expect(cut.status).toBe(400);
  const { data } = await user.client.from("chat_files").select("id").eq("session_id", sessionId)
    .single().throwOnError();

  const interrupted = await retryFile(user, data.id);
  const none = await retryFile(user, "none");
  const nobody = await fetch(`${stack.FUNCTIONS_URL}/files/${data.id}/retry`, { method: "POST" });

  expect([interrupted.status, (await interrupted.json()).code]).toEqual([409, "file_not_stored"]);
  expect([none.status, (await none.json()).code]).toEqual([404, "not_found"]);
  expect(nobody.status).toBe(401);
});

test("a file that waits cannot be retried, and the same bytes again are the same file", async () => {
  const user = await createUser();
  const sessionId = await createSession(user);
  await behave({ scenario: "rate_limited_for", seconds: 3, variant: "all" });
  const { id } = await upload(user, sessionId, "The dog is called Rex.", "c.txt");

  const retried = await retryFile(user, id);
  const again = await postFile(user, uploadForm(sessionId, "The dog is called Rex.", "c.txt"));

  expect([retried.status, (await retried.json()).code]).toEqual([409, "file_not_failed"]);
  expect([again.status, (await again.json()).id]).toEqual([200, id]);
  expect(await indexed(user, id)).toMatchObject({ status: "ready" });
  await uploadReady(user, sessionId, "The cat is called Tom.", "d.txt");
});
