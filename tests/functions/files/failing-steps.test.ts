import { afterEach, expect, test } from "vitest";
import type { FileReply } from "../../../types/api.ts";
import {
  continueFiles,
  drain,
  indexed,
  orphans,
  postFile,
  retryFile,
  upload,
  uploadForm,
  uploadReady,
} from "../../helpers/files.ts";
import { behave, resetOpenAI } from "../../helpers/openai.ts";
import { asPostgres, createSession, createUser, must } from "../../helpers/stack.ts";

afterEach(async () => {
  await resetOpenAI();
  await asPostgres("drop trigger if exists break_it on storage.objects");
  await asPostgres("drop trigger if exists break_it on public.chat_files");
});
const user = await createUser();
await asPostgres(`
  create schema if not exists faults;
  grant usage on schema faults to public;
  create or replace function faults.break_it() returns trigger language plpgsql as
    $$ begin raise exception 'broken by a test'; end $$;
  grant execute on function faults.break_it() to public;
`);

/** Makes writes to a table fail while a condition holds. */
async function breakWrites(table: string, timing: string, condition: string): Promise<void> {
  await asPostgres(
    `create trigger break_it before ${timing} on ${table} for each row when (${condition})
     execute function faults.break_it()`,
  );
}

async function rowsOf(sessionId: string): Promise<FileReply[]> {
  return must(await user.client.from("chat_files").select().eq("session_id", sessionId));
}

/** Waits until the only file of a session is ready, and checks that nothing else is left of its attempts. */
async function readyRow(sessionId: string): Promise<void> {
  await expect.poll(() => rowsOf(sessionId), { timeout: 20_000 }).toMatchObject([
    { status: "ready", error: null, retry_at: null },
  ]);
  await drain();
  expect(await orphans()).toEqual([]);
}

/** Cleans up everything remote and returns the only row of a session once it has failed. */
async function failedRow(sessionId: string): Promise<FileReply | undefined> {
  await expect.poll(async () => (await rowsOf(sessionId)).map(({ status }) => status), {
    timeout: 15_000,
  }).toEqual(["failed"]);
  await resetOpenAI();
  await drain();
  expect(await orphans()).toEqual([]);
  return (await rowsOf(sessionId))[0];
}

test("if Storage refuses the bytes, the client gets an error and the row says why", async () => {
  const sessionId = await createSession(user);
  await breakWrites("storage.objects", "insert", "new.bucket_id = 'chat-files'");

  const response = await postFile(user, uploadForm(sessionId, "Hello", "a.txt"));

  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ code: "upload_failed" });
  expect(await failedRow(sessionId)).toMatchObject({
    error: { code: "upload_failed", message: expect.stringContaining("again") },
  });
});

test("if the row cannot be created, the client gets an error and no bytes stay", async () => {
  const sessionId = await createSession(user);
  await breakWrites("public.chat_files", "insert", "true");

  for (const fileFirst of [false, true]) {
    const response = await postFile(user, uploadForm(sessionId, "Hello", "a.txt", { fileFirst }));
    expect(response.status).toBe(500);
  }

  expect(await rowsOf(sessionId)).toEqual([]);
  await drain();
  expect(await orphans()).toEqual([]);
});

test("if the row cannot record the upload, the client gets an error and the row says why", async () => {
  const sessionId = await createSession(user);
  await breakWrites("public.chat_files", "update", "new.status = 'indexing'");

  const response = await postFile(user, uploadForm(sessionId, "Hello", "a.txt"));

  expect(response.status).toBe(500);
  expect(await failedRow(sessionId)).toMatchObject({ error: { code: "upload_failed" } });
});

test("while OpenAI fails, the file waits; then it becomes ready", async () => {
  const sessionId = await createSession(user);
  await behave({ fail: { path: "/v1/files", status: 500 } });

  await upload(user, sessionId, "Hello");

  await expect.poll(() => rowsOf(sessionId)).toMatchObject([
    { status: "indexing", error: { code: "provider_error" } },
  ]);
  await resetOpenAI();
  await readyRow(sessionId);
});

test("while OpenAI rejects the key, the row tells the user whom to ask", async () => {
  const sessionId = await createSession(user);
  await behave({ fail: { path: "/v1/files", status: 401 } });

  await upload(user, sessionId, "Hello");

  await expect.poll(() => rowsOf(sessionId)).toMatchObject([{
    status: "indexing",
    error: {
      code: "provider_misconfigured",
      message: expect.stringContaining("Ask the operator to check OPENAI_API_KEY"),
    },
  }]);
  await resetOpenAI();
  await readyRow(sessionId);
});

test("after an hour without success, the row says why; a retry needs no second upload", async () => {
  const sessionId = await createSession(user);
  await behave({ fail: { path: "/v1/files", status: 500 } });
  const { id } = await upload(user, sessionId, "Hello");
  await expect.poll(() => rowsOf(sessionId)).toMatchObject([{ error: { code: "provider_error" } }]);
  await asPostgres(
    "update public.chat_files set indexing_since = now() - interval '61 minutes' where id = $1",
    [id],
  );

  await continueFiles(sessionId);

  expect(await failedRow(sessionId)).toMatchObject({ error: { code: "provider_error" } });
  const response = await retryFile(user, id);
  expect(response.status).toBe(202);
  expect(await response.json()).toMatchObject({ id, status: "indexing", error: null });
  await readyRow(sessionId);
});

test("if the id of OpenAI's file cannot be saved, the file waits", async () => {
  const sessionId = await createSession(user);
  await breakWrites("public.chat_files", "update", "new.openai_file_id is not null");
  await upload(user, sessionId, "Hello");
  await expect.poll(() =>
    asPostgres("select remote_id from private.remote_deletions where kind = 'file'")
  ).not.toEqual([]);

  await asPostgres("drop trigger break_it on public.chat_files");

  await readyRow(sessionId);
});

test("while the session's store cannot be created, the file waits for as long as OpenAI asks", async () => {
  const sessionId = await createSession(user);
  await behave({ fail: { path: "/v1/vector_stores", status: 429, retry_after: 40 } });

  await upload(user, sessionId, "Hello");

  await expect.poll(() => rowsOf(sessionId)).toMatchObject([
    { status: "indexing", error: { code: "provider_error" } },
  ]);
  const [row] = await rowsOf(sessionId);
  expect(Date.parse(row?.retry_at ?? "") - Date.now()).toBeGreaterThan(25_000);
  await resetOpenAI();
  await continueFiles(sessionId);
  await readyRow(sessionId);
});

test("while the file cannot be attached to the store, it waits", async () => {
  const sessionId = await createSession(user);
  await uploadReady(user, sessionId, "The first file of the session.", "first.txt");
  const store = must(
    await user.client.from("vector_stores").select("store_id").eq("session_id", sessionId).single(),
  );
  await behave({ fail: { path: `/v1/vector_stores/${store.store_id}/files`, status: 500 } });

  const row = await upload(user, sessionId, "The second file of the session.", "second.txt");

  await expect.poll(() => rowsOf(sessionId)).toContainEqual(
    expect.objectContaining({
      id: row.id,
      status: "indexing",
      error: expect.objectContaining({ code: "provider_error" }),
    }),
  );
  await resetOpenAI();
  expect(await indexed(user, row.id)).toMatchObject({ status: "ready", error: null });
  await drain();
  expect(await orphans()).toEqual([]);
});

test("if OpenAI cannot read the file, the row says why", async () => {
  const sessionId = await createSession(user);

  await upload(user, sessionId, "%PDF-1.7\nnothing that a reader of PDF would know", "broken.pdf");

  expect(await failedRow(sessionId)).toMatchObject({ error: { code: "damaged" } });
});

test("if the row cannot be marked as ready, the file waits", async () => {
  const sessionId = await createSession(user);
  await breakWrites("public.chat_files", "update", "new.status = 'ready'");
  const { id } = await upload(user, sessionId, "Hello");
  await expect.poll(async () => (await rowsOf(sessionId))[0]?.openai_file_id).toBeTruthy();

  await asPostgres("drop trigger break_it on public.chat_files");

  expect(await indexed(user, id)).toMatchObject({ status: "ready", error: null });
});

test("a failed file may be uploaded again; the failed row can then not be retried", async () => {
  const sessionId = await createSession(user);
  const unreadable = "%PDF-1.7\nnothing that a reader of PDF would know";
  const first = await upload(user, sessionId, unreadable, "broken.pdf");
  await failedRow(sessionId);
  await behave({ indexing_ms: 60_000 });

  const second = await upload(user, sessionId, unreadable, "broken.pdf");

  expect(second.id).not.toBe(first.id);
  const response = await retryFile(user, first.id);
  expect([response.status, (await response.json()).code]).toEqual([409, "file_exists"]);
  must(await user.client.from("chat_sessions").delete().eq("id", sessionId).select("id").single());
});
