import { afterEach, expect, test } from "vitest";
import type { FileReply } from "../../../types/api.ts";
import {
  drain,
  indexed,
  orphans,
  postFile,
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

/** The only row of a session, once it has failed, after everything remote was cleaned up. */
async function failedRow(sessionId: string): Promise<FileReply | undefined> {
  await expect.poll(async () => (await rowsOf(sessionId)).map(({ status }) => status), {
    timeout: 15_000,
  }).toEqual(["failed"]);
  await resetOpenAI();
  await drain();
  expect(await orphans()).toEqual([]);
  return (await rowsOf(sessionId))[0];
}

test("Storage refuses the bytes: the client is told, the row says why", async () => {
  const sessionId = await createSession(user);
  await breakWrites("storage.objects", "insert", "new.bucket_id = 'chat-files'");

  const response = await postFile(user, uploadForm(sessionId, "Hello", "a.txt"));

  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ code: "upload_failed" });
  expect(await failedRow(sessionId)).toMatchObject({
    error: { code: "upload_failed", message: expect.stringContaining("again") },
  });
});

test("the row cannot be made: the client is told, and no bytes stay", async () => {
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

test("the row cannot take the bytes on: the client is told, the row says why", async () => {
  const sessionId = await createSession(user);
  await breakWrites("public.chat_files", "update", "new.status = 'indexing'");

  const response = await postFile(user, uploadForm(sessionId, "Hello", "a.txt"));

  expect(response.status).toBe(500);
  expect(await failedRow(sessionId)).toMatchObject({ error: { code: "upload_failed" } });
});

test("OpenAI does not take the file", async () => {
  const sessionId = await createSession(user);
  await behave({ fail: { path: "/v1/files", status: 500 } });

  await upload(user, sessionId, "Hello");

  expect(await failedRow(sessionId)).toMatchObject({ error: { code: "provider_error" } });
});

test("OpenAI rejects the key: the file says whom to ask", async () => {
  const sessionId = await createSession(user);
  await behave({ fail: { path: "/v1/files", status: 401 } });

  await upload(user, sessionId, "Hello");

  expect(await failedRow(sessionId)).toMatchObject({
    error: {
      code: "provider_misconfigured",
      message: expect.stringContaining("Ask the operator to check OPENAI_API_KEY"),
    },
  });
});

test("the id of OpenAI's file cannot be saved", async () => {
  const sessionId = await createSession(user);
  await breakWrites("public.chat_files", "update", "new.openai_file_id is not null");

  await upload(user, sessionId, "Hello");

  expect(await failedRow(sessionId)).toMatchObject({ error: { code: "provider_error" } });
});

test("the store of the session cannot be made", async () => {
  const sessionId = await createSession(user);
  await behave({ fail: { path: "/v1/vector_stores", status: 429, retry_after: 60 } });

  await upload(user, sessionId, "Hello");

  expect(await failedRow(sessionId)).toMatchObject({ error: { code: "provider_error" } });
});

test("the file cannot be attached", async () => {
  const sessionId = await createSession(user);
  await uploadReady(user, sessionId, "The first file of the session.", "first.txt");
  const store = must(
    await user.client.from("vector_stores").select("store_id").eq("session_id", sessionId).single(),
  );
  await behave({ fail: { path: `/v1/vector_stores/${store.store_id}/files`, status: 500 } });

  const row = await upload(user, sessionId, "The second file of the session.", "second.txt");

  expect(await indexed(user, row.id)).toMatchObject({
    status: "failed",
    error: { code: "provider_error" },
  });
  await resetOpenAI();
  await drain();
  expect(await orphans()).toEqual([]);
});

test("OpenAI cannot read the file", async () => {
  const sessionId = await createSession(user);

  await upload(user, sessionId, "%PDF-1.7\nnothing that a reader of PDF would know", "broken.pdf");

  expect(await failedRow(sessionId)).toMatchObject({ error: { code: "file_unreadable" } });
});

test("the row cannot be made ready", async () => {
  const sessionId = await createSession(user);
  await breakWrites("public.chat_files", "update", "new.status = 'ready'");

  await upload(user, sessionId, "Hello");

  expect(await failedRow(sessionId)).toMatchObject({ error: { code: "provider_error" } });
});

test("a failure that passes is waited out", async () => {
  const sessionId = await createSession(user);
  await behave({ fail: { path: "/v1/files", status: 500, times: 1 } });

  await uploadReady(user, sessionId, "Hello");

  await drain();
  expect(await orphans()).toEqual([]);
});

test("bytes that have failed once may come again", async () => {
  const sessionId = await createSession(user);
  await behave({ fail: { path: "/v1/files", status: 500 } });
  await upload(user, sessionId, "Hello");
  await failedRow(sessionId);

  await upload(user, sessionId, "Hello");

  await expect.poll(async () => (await rowsOf(sessionId)).map(({ status }) => status).sort())
    .toEqual(["failed", "ready"]);
});
