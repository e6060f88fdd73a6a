import OpenAI from "openai";
import { afterEach, expect, test } from "vitest";
import { loadHistory, openChat, postChat } from "../../helpers/chat-client.ts";
import {
  cleanUp,
  drain,
  hasten,
  indexed,
  objectsOf,
  orphans,
  remoteObjects,
  upload,
  uploadReady,
} from "../../helpers/files.ts";
import { behave, openaiRequests, resetOpenAI } from "../../helpers/openai.ts";
import {
  asPostgres,
  createSession,
  createUser,
  must,
  stack,
  type TestUser,
} from "../../helpers/stack.ts";
import { readUntil } from "../../helpers/turns.ts";

afterEach(resetOpenAI);
const user = await createUser();

/**
 * Creates a session with files, an image, several turns, a regenerated reply and an edited message, so that OpenAI
 * holds every kind of object.
 */
async function livedInSession(owner: TestUser): Promise<string> {
  const sessionId = await createSession(owner);
  await uploadReady(owner, sessionId, "The grey horse is called Comet.", "stable.md");
  const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]);
  const image = await indexed(owner, (await upload(owner, sessionId, png, "cat.png")).id);
  const chat = openChat(owner, sessionId);
  await chat.sendMessage({ text: "What is the horse called?" });
  await chat.sendMessage({ text: "And this?" }, { body: { file_ids: [image.id] } });
  await chat.regenerate();
  const first = chat.messages[0];
  await chat.sendMessage({ text: "What is the cow called?", messageId: first?.id });
  expect(chat.error).toBeUndefined();
  expect(await loadHistory(owner, sessionId)).toHaveLength(2);
  return sessionId;
}

/** Returns every id at OpenAI that the database or the outbox has of a session. */
async function remoteIds(sessionId: string): Promise<Set<string>> {
  const rows = await asPostgres<{ id: string }>(
    `select response_id as id from public.chat_turns where session_id = $1
     union select thread_id from public.chat_sessions where id = $1
     union select openai_file_id from public.chat_files where session_id = $1
     union select store_id from public.vector_stores where session_id = $1
     union select remote_id from private.remote_deletions where session_id = $1`,
    [sessionId],
  );
  return new Set(rows.map(({ id }) => id).filter(Boolean));
}

async function left(ids: Set<string>): Promise<string[]> {
  const { conversations, responses, files, vector_stores } = await remoteObjects();
  return [...conversations, ...responses, ...files, ...vector_stores].map(({ id }) => id)
    .filter((id) => ids.has(id));
}

async function deleteSession(owner: TestUser, sessionId: string): Promise<void> {
  must(await owner.client.from("chat_sessions").delete().eq("id", sessionId).select("id").single());
}

test("deleting a session deletes everything made for it, also conversation items and stored responses", async () => {
  const sessionId = await livedInSession(user);
  const ids = await remoteIds(sessionId);
  expect((await left(ids)).length).toBeGreaterThan(6);

  await deleteSession(user, sessionId);
  await drain();

  expect(await left(ids)).toEqual([]);
  expect(await objectsOf(user)).toEqual([]);
  expect(await orphans()).toEqual([]);
});

test("deleting the login deletes everything made for its sessions", async () => {
  const leaver = await createUser();
  const sessionId = await livedInSession(leaver);
  const ids = await remoteIds(sessionId);

  await asPostgres("delete from auth.users where id = $1", [leaver.authId]);
  await drain();

  expect(await left(ids)).toEqual([]);
  expect(await objectsOf(leaver)).toEqual([]);
});

test("a session deleted during a turn leaves nothing, whenever the clean-up runs", {
  timeout: 60_000,
}, async () => {
  await behave({ reply: Array(40).fill("word").join(" "), tokens_per_second: 5 });
  const sessionId = await createSession(user);
  await readUntil(
    await postChat({ session_id: sessionId, content: "Talk" }, user.accessToken),
    "word",
  );
  // The ids are saved beside the stream, not before it.
  await expect.poll(async () => (await remoteIds(sessionId)).size).toBe(2);
  const ids = await remoteIds(sessionId);

  await deleteSession(user, sessionId);
  await hasten();
  await cleanUp();

  const { responses } = await remoteObjects();
  expect(responses.filter(({ id }) => ids.has(id))).toEqual([]);
  await expect.poll(async () => {
    await drain();
    return await left(ids);
  }, { timeout: 20_000 }).toEqual([]);
});

test("a failed deletion backs off, stays in the outbox and succeeds later", async () => {
  const sessionId = await livedInSession(user);
  const { thread_id } = must(
    await user.client.from("chat_sessions").select("thread_id").eq("id", sessionId).single(),
  );
  const ids = await remoteIds(sessionId);
  await deleteSession(user, sessionId);
  await behave({ fail: { path: `/v1/conversations/${thread_id}`, status: 500 } });
  const row = () =>
    asPostgres(
      `select attempts, last_error, round(extract(epoch from due_at - now()) / 60)::int as minutes
       from private.remote_deletions where remote_id = $1`,
      [thread_id],
    );

  const delays = [];
  for (let attempt = 0; attempt < 3; attempt += 1) {
    await hasten();
    // Its conversation is deleted only after the session's responses.
    if (attempt === 0) await cleanUp();
    await hasten();
    expect(await cleanUp()).toMatchObject({ failed: 1 });
    delays.push((await row())[0]?.minutes);
  }

  expect(delays.at(-1)).toBeGreaterThan(Number(delays[0]));
  expect((await row())[0]).toMatchObject({ last_error: "status 500" });
  await resetOpenAI();
  await drain();
  expect(await left(ids)).toEqual([]);
});

test("an object that OpenAI no longer has counts as deleted", async () => {
  await asPostgres(
    `insert into private.remote_deletions (kind, remote_id)
     values ('response', 'resp_none'), ('conversation', 'conv_none'), ('vector_store', 'vs_none'),
       ('vector_store_file', 'vs_none/file_none'), ('file', 'file_none'), ('object', 'none/none.txt')`,
  );

  expect(await cleanUp()).toMatchObject({ deleted: 6, failed: 0 });
});

test("concurrent clean-ups delete each object once", async () => {
  await asPostgres(
    `insert into private.remote_deletions (kind, remote_id)
     select 'file', 'file_race_' || n from generate_series(1, 200) n`,
  );

  const reports = await Promise.all(Array.from({ length: 5 }, cleanUp));

  expect(reports.reduce((sum, { deleted }) => sum + deleted, 0)).toBe(200);
  const deletions = (await openaiRequests()).filter(({ method, path }) =>
    method === "DELETE" && path.startsWith("/v1/files/file_race_")
  );
  expect(new Set(deletions.map(({ path }) => path)).size).toBe(200);
  expect(deletions).toHaveLength(200);
});

test("stores and objects without a row are deleted after a day; those of other projects stay", async () => {
  const openai = new OpenAI({ apiKey: "test", baseURL: stack.OPENAI_BASE_URL });
  const sessionId = await createSession(user);
  await uploadReady(user, sessionId, "Hello", "a.txt");
  const { openai_metadata } = must(
    await user.client.from("vector_stores").select("openai_metadata").eq("session_id", sessionId)
      .single(),
  );
  const { metadata } = Object(openai_metadata);
  const lost = await openai.vectorStores.create({ metadata });
  const foreign = await openai.vectorStores.create({
    metadata: { ...metadata, project: "other" },
  });
  must(await user.client.storage.from("chat-files").upload(`${user.profileId}/stray.txt`, "Stray"));

  await cleanUp();
  const young = (await remoteObjects()).vector_stores.map(({ id }) => id);
  expect(young).toEqual(expect.arrayContaining([lost.id, foreign.id]));
  expect(await objectsOf(user)).toContain(`${user.profileId}/stray.txt`);

  await asPostgres("update storage.objects set created_at = now() - interval '25 hours'");
  const report = await cleanUp();
  expect(report.orphans).toBeGreaterThanOrEqual(1);
  await drain();
  expect(await objectsOf(user)).not.toContain(`${user.profileId}/stray.txt`);
  expect(await objectsOf(user)).toHaveLength(1);
  await openai.vectorStores.delete(lost.id);
  await openai.vectorStores.delete(foreign.id);
});

test("one run finds every object without a row, however many there are", async () => {
  await asPostgres(
    `insert into storage.objects (bucket_id, name, created_at)
     select 'chat-files', 'stray/' || n, now() - interval '25 hours' from generate_series(1, 12000) as n`,
  );

  const { orphans } = await cleanUp();

  expect(orphans).toBeGreaterThanOrEqual(12_000);
  await deleteStrayRows();
});

/** Deletes the rows of the test before. Their deletions would take the outbox minutes. */
async function deleteStrayRows(): Promise<void> {
  await asPostgres(
    `begin;
     set local storage.allow_delete_query = 'true';
     delete from storage.objects where name like 'stray/%';
     delete from private.remote_deletions where remote_id like 'stray/%';
     commit`,
  );
}
