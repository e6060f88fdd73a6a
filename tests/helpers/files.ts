import { expect } from "vitest";
import * as z from "zod";
import { CleanupReply, type FileReply } from "../../types/api.ts";
import { asPostgres, createTestClient, must, stack, type TestUser } from "./stack.ts";

const Objects = z.object({
  conversations: z.array(z.object({ id: z.string(), items: z.array(z.unknown()) })),
  files: z.array(z.object({ id: z.string(), filename: z.string(), purpose: z.string() })),
  vector_stores: z.array(
    z.object({ id: z.string(), status: z.string(), file_ids: z.array(z.string()) }),
  ),
  responses: z.array(z.object({ id: z.string(), status: z.string() })),
});

/** Returns everything that the OpenAI emulator holds. */
export async function remoteObjects(): Promise<z.infer<typeof Objects>> {
  const response = await fetch(new URL("/_emulator/objects", stack.OPENAI_BASE_URL));
  return Objects.parse(await response.json());
}

/** Sends a command about one of its objects to the OpenAI emulator. */
export async function commandOpenAI(path: string): Promise<void> {
  const response = await fetch(new URL(`/_emulator/${path}`, stack.OPENAI_BASE_URL), {
    method: "POST",
  });
  if (!response.ok) throw new Error(await response.text());
}

/** Returns a form as a browser sends it. Fields come before the file unless told otherwise. */
export function uploadForm(
  sessionId: string,
  content: string | Uint8Array<ArrayBuffer>,
  name: string,
  { fileFirst = false, type = "" } = {},
): FormData {
  const form = new FormData();
  if (!fileFirst) form.set("session_id", sessionId);
  form.set("file", new File([content], name, { type }));
  if (fileFirst) form.set("session_id", sessionId);
  return form;
}

/** Posts to the files function as a user. */
export function postFile(
  user: TestUser,
  body: FormData | Record<string, unknown>,
): Promise<Response> {
  const isForm = body instanceof FormData;
  return fetch(`${stack.FUNCTIONS_URL}/files`, {
    method: "POST",
    headers: { authorization: `Bearer ${user.accessToken}` },
    body: isForm ? body : JSON.stringify(body),
  });
}

/** Uploads a file and returns its row from the function's reply. */
export async function upload(
  user: TestUser,
  sessionId: string,
  content: string | Uint8Array<ArrayBuffer>,
  name = "notes.md",
): Promise<FileReply> {
  const response = await postFile(user, uploadForm(sessionId, content, name));
  if (!response.ok) throw new Error(await response.text());
  return await response.json();
}

/** Returns the row of a file as its owner reads it, once it is ready or has failed. */
export async function indexed(
  user: TestUser,
  fileId: string,
  timeout = 15_000,
): Promise<FileReply> {
  const find = async () =>
    must(await user.client.from("chat_files").select().eq("id", fileId).single());
  await expect.poll(async () => (await find()).status, { timeout })
    .toMatch(/ready|failed/);
  return await find();
}

/** Uploads a file and waits until it can be used. */
export async function uploadReady(
  user: TestUser,
  sessionId: string,
  content: string,
  name = "notes.md",
): Promise<FileReply> {
  const row = await indexed(user, (await upload(user, sessionId, content, name)).id);
  expect(row.error).toBeNull();
  return row;
}

/** Runs the clean-up once, as the scheduler does. */
export async function cleanUp(): Promise<CleanupReply> {
  const response = await fetch(`${stack.FUNCTIONS_URL}/vector-store-cleanup`, {
    method: "POST",
    headers: { apikey: stack.SECRET_KEY },
  });
  if (!response.ok) throw new Error(await response.text());
  return CleanupReply.parse(await response.json());
}

/**
 * Ends all pauses of a session's files and store, and runs the clean-up of files once, as the scheduler does every
 * minute. A function that still waits for its next attempt finds that the clean-up has the file.
 */
export async function continueFiles(sessionId: string): Promise<void> {
  await asPostgres(
    `update public.vector_stores set lease_until = now() where session_id = $1 and status = 'failed'`,
    [sessionId],
  );
  await asPostgres(
    "update public.chat_files set retry_at = now() where session_id = $1 and status = 'indexing'",
    [sessionId],
  );
  const response = await fetch(`${stack.FUNCTIONS_URL}/vector-store-cleanup/files`, {
    method: "POST",
    headers: { apikey: stack.SECRET_KEY },
  });
  if (!response.ok) throw new Error(await response.text());
}

/** Sends a failed file to be indexed again. */
export function retryFile({ accessToken }: TestUser, fileId: string): Promise<Response> {
  return fetch(`${stack.FUNCTIONS_URL}/files/${fileId}/retry`, {
    method: "POST",
    headers: { authorization: `Bearer ${accessToken}` },
  });
}

/** Makes everything in the outbox due now. */
export async function hasten(): Promise<void> {
  await asPostgres("update private.remote_deletions set due_at = now() - interval '1 second'");
}

/** Returns the names of the objects in Storage that are in a user's folder. */
export async function objectsOf({ profileId }: TestUser): Promise<string[]> {
  const rows = await asPostgres<{ name: string }>(
    "select name from storage.objects where bucket_id = 'chat-files' and starts_with(name, $1)",
    [profileId],
  );
  return rows.map(({ name }) => name);
}

/** Returns everything at OpenAI and in Storage that no row names. */
export async function orphans(): Promise<string[]> {
  const { files, vector_stores } = await remoteObjects();
  const rows = await asPostgres<{ id: string }>(
    `select f.openai_file_id as id from public.chat_files f
     union all select v.store_id from public.vector_stores v
     union all select f.storage_path from public.chat_files f
       where f.status <> 'failed' or f.sha256 is not null`,
  );
  const objects = await asPostgres<{ name: string }>(
    "select name from storage.objects where bucket_id = 'chat-files'",
  );
  const known = new Set(rows.map(({ id }) => id));
  const found = [...files, ...vector_stores].map(({ id }) => id).concat(
    objects.map(({ name }) => name),
  );
  return found.filter((id) => !known.has(id));
}

/** Runs the clean-up until the outbox is empty. */
export async function drain(): Promise<void> {
  await expect.poll(async () => {
    await hasten();
    await cleanUp();
    return (await asPostgres("select id from private.remote_deletions")).length;
  }, { timeout: 20_000 }).toBe(0);
}

/** Deletes the objects that no file names, as the clean-up does after a day. */
export async function removeUnregistered(): Promise<void> {
  const objects = await asPostgres<{ name: string }>(
    `select o.name from storage.objects o
     where o.bucket_id = 'chat-files' and not exists (select from public.chat_files f where f.storage_path = o.name)`,
  );
  const bucket = createTestClient(stack.SECRET_KEY).storage.from("chat-files");
  if (objects.length > 0) must(await bucket.remove(objects.map(({ name }) => name)));
}
